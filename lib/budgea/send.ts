import type { Configuration } from './configuration.ts';
import { connectAhead, dispatch, neverConnected, type Answer } from './dispatcher.ts';
import { TransportError, type TransportFailure } from './errors.ts';
import type { BudgeaRequest } from './request.ts';
import type { BudgeaResponse } from './response.ts';

/** Sends a request once and gives its answer, whatever the status. Throws TransportError. */
export type Send = (
  request: BudgeaRequest,
  configuration: Configuration,
  signal: AbortSignal,
) => Promise<BudgeaResponse>;

/** An idle connection is kept this long, in milliseconds. */
const keepAlive = 4_000;

/** Sends over HTTP/1.1; redirects are answers, not followed. */
export const send: Send = async (request, { basePath, authorization, timeouts }, signal) => {
  const { origin, prefix } = locate(basePath);
  try {
    const { status, headers, text } = await dispatch(origin, patienceOf(timeouts), {
      method: request.method,
      path: prefix + request.path,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      body: request.body ?? null,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.headers,
      signal,
    });
    return { status, headers: singleValues(headers), body: text };
  } catch (error) {
    const { failure, code } = diagnose(error, signal);
    // The codes alone, and no cause: an error's own text and fields can quote what was sent or answered.
    const message = `${request.operation} failed: ${failure} (${code})`;
    throw new TransportError(failure, message, { sent: !neverConnected(error) });
  }
};

/** Opens a connection for the next request. */
export function sendSoon({ basePath, timeouts }: Configuration): void {
  connectAhead(locate(basePath).origin, patienceOf(timeouts));
}

const patienceOf = ({ connect }: Configuration['timeouts']) => ({ connectTimeout: connect, keepAlive });

let located = { basePath: '', origin: '', prefix: '' };

/** An address is taken apart once: calls go to the same one again and again. */
function locate(basePath: string): typeof located {
  if (located.basePath !== basePath) {
    const { origin, pathname } = new URL(basePath);
    located = { basePath, origin, prefix: pathname === '/' ? '' : pathname };
  }
  return located;
}

function singleValues(headers: Answer['headers']): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(headers)) {
    values[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return values;
}

const answerFailures = new Map<string, TransportFailure>([
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['HTTPParserError', 'malformed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'too-large'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'too-large'],
]);

function diagnose(error: unknown, signal: AbortSignal): { failure: TransportFailure; code: string } {
  if (signal.aborted) {
    const isTimeout = codeOf(signal.reason) === 'TimeoutError';
    return isTimeout ? { failure: 'timeout', code: 'TimeoutError' } : { failure: 'aborted', code: 'AbortError' };
  }
  const code = codeOf(error);
  if (neverConnected(error)) return { failure: connectFailure(code), code };
  return { failure: answerFailures.get(code) ?? 'broken', code };
}

/** The system's codes are an E and a word, as ECONNREFUSED; what else ends a connection attempt is TLS's distrust of the other side. */
function connectFailure(code: string): TransportFailure {
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  return /^E(?!RR_|PROTO)/.test(code) ? 'unreachable' : 'tls';
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
