import { type HttpResponse, preconnect, dispatch, isConnectFailure } from '../transport/dispatcher.ts';
import type { Configuration } from './configuration.ts';
import { ApiError, TransportError, type TransportFailure } from './errors.ts';
import type { BudgeaRequest, BudgeaResponse } from './wire.ts';

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
    throw new TransportError(failure, message, { sent: !isConnectFailure(error) });
  }
};

/** Opens a connection for the next request. */
export function preconnectTo({ basePath, timeouts }: Configuration): void {
  preconnect(locate(basePath).origin, patienceOf(timeouts));
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

function singleValues(headers: HttpResponse['headers']): Record<string, string> {
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
  if (isConnectFailure(error)) return { failure: connectFailure(code), code };
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

const nothingLeft: BudgeaResponse = { status: 204, headers: {}, body: '' };

/**
 * Makes the attempts that the operation allows: a second one when the first never left, or when the operation is repeatable and the first
 * failed. Nothing that creates a user, mints a token or spends a code is sent again once a byte may have arrived.
 */
export async function withRepeat<T>(
  request: BudgeaRequest,
  signal: AbortSignal,
  send: () => Promise<BudgeaResponse>,
  read: (response: BudgeaResponse) => T,
): Promise<T> {
  const attempt = async () => read(await send());
  return attempt().catch((first: unknown) => {
    if (signal.aborted || !isWorthRepeating(request, first)) throw first;
    return attempt().catch((second: unknown) => {
      if (mayHaveArrived(first) && foundNothing(request, second)) return read(nothingLeft);
      throw second;
    });
  });
}

/** Failures that may be over in a moment; 503 and 429 say themselves when to come back. */
function isWorthRepeating({ repeatable }: BudgeaRequest, error: unknown): boolean {
  if (error instanceof ApiError) return repeatable && [500, 502, 504].includes(error.status);
  if (!(error instanceof TransportError)) return false;
  const { failure, sent } = error;
  return (failure === 'unreachable' || failure === 'timeout' || failure === 'broken') && (repeatable || !sent);
}

function mayHaveArrived(error: unknown): boolean {
  return !(error instanceof TransportError && !error.sent);
}

/**
 * A repeated delete that finds nothing did its work the first time, and so did a token that removed itself and is not known any more. For a
 * user, an unknown token proves nothing, and neither does a page from the network's edge.
 */
function foundNothing({ method, operation }: BudgeaRequest, error: unknown): boolean {
  if (method !== 'DELETE' || !(error instanceof ApiError)) return false;
  const { status, code } = error;
  if (code === undefined) return false;
  if (operation === 'auth_token_delete' && (status === 401 || code === 'invalidToken')) return true;
  return status === 404;
}
