import type { Dispatcher } from 'undici';
import type { Configuration } from './configuration.ts';
import { dispatch } from './dispatcher.ts';
import { TransportError, type TransportFailure } from './errors.ts';
import type { BudgeaRequest } from './request.ts';
import type { BudgeaResponse } from './response.ts';

/** The longest answer that is read, in bytes. */
const longestAnswer = 1024 * 1024;

/** Sends a request once and gives its answer, whatever the status. Throws TransportError. */
export type Send = (
  request: BudgeaRequest,
  configuration: Configuration,
  signal: AbortSignal,
) => Promise<BudgeaResponse>;

/** Sends over HTTP; redirects are answers, not followed. */
export const send: Send = async (request, { basePath, authorization, timeouts }, signal) => {
  const { origin, pathname } = new URL(basePath);
  try {
    const {
      statusCode,
      headers: answered,
      body,
    } = await dispatch(origin, timeouts.connect, {
      method: request.method,
      path: (pathname === '/' ? '' : pathname) + request.path,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      body: request.body ?? null,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.headers,
      signal,
    });
    return { status: statusCode, headers: singleValues(answered), body: await readText(body) };
  } catch (error) {
    throw error instanceof TransportError ? error : transportError(request, error);
  }
};

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // undici's body yields Buffers: no encoding was set on it.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the stream and its connection.
    if (length > longestAnswer) throw new TransportError('too-large', 'the answer is over 1 MiB', { sent: true });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function singleValues(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return Object.fromEntries(entries);
}

const connectFailures = new Map<string, TransportFailure>([
  ['ECONNREFUSED', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
]);
const timeoutFailures = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
// What Node's TLS reports when it does not trust the other side; the last two are OpenSSL's own and a handshake that is none.
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO)/;

/** The message names the code alone: an error's own text can quote what was sent. */
function transportError({ operation }: BudgeaRequest, cause: unknown): TransportError {
  const code = codeOf(cause);
  const connecting = connectFailures.get(code) ?? (tlsCode.test(code) ? 'tls' : undefined);
  const failure = connecting ?? (timeoutFailures.has(code) || code === 'TimeoutError' ? 'timeout' : 'broken');
  const sent = connecting === undefined;
  return new TransportError(failure, `${operation} failed: ${failure} (${code})`, { sent, cause });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}
