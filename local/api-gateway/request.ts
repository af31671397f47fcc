import type { IncomingMessage } from 'node:http';

/** One header line. */
export type Header = readonly [name: string, value: string];

/** The headers of one connection, which a gateway does not forward (RFC 9110, section 7.6.1). */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The maximum length of the request line and the header values together. Source: "Quotas for configuring and running an HTTP API". */
const MAX_HEAD_BYTES = 10_240;

/** Pairs the items of Node's flat list of names and values, with names in lower case. */
export function headerLines(rawHeaders: readonly string[]): Header[] {
  const lines: Header[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push([(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? '']);
  }
  return lines;
}

/** Returns 414 for a request line that is too long, and 431 when the line and the header values together are. */
export function headError(requestLine: string, headers: readonly Header[]): 414 | 431 | undefined {
  if (requestLine.length > MAX_HEAD_BYTES) return 414;
  const total = headers.reduce((sum, [, value]) => sum + value.length, requestLine.length);
  return total > MAX_HEAD_BYTES ? 431 : undefined;
}

/** Reads a request body. Returns undefined and discards the rest when it exceeds `limit` bytes; rejects when the caller disconnects. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // Destroying the stream would close the connection before the response is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) break;
    chunks.push(chunk);
  }
  if (length <= limit) return Buffer.concat(chunks);
  request.resume();
  return undefined;
}
