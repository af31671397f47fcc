import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body; `undefined` when it is longer than `limit` bytes, of which no more are kept in memory, and the
 * rest is thrown away as it arrives. Rejects when the caller goes away first.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // Destroying the stream would destroy the connection, and the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) break;
    chunks.push(chunk);
  }
  if (length <= limit) return Buffer.concat(chunks);
  request.resume();
  return undefined;
}
