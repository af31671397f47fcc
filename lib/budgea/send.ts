import { type HttpResponse, preconnect, dispatch, isConnectFailure } from '../transport/dispatcher.ts';
import type { Configuration } from './configuration.ts';
import { ApiError, TransportError, type TransportFailure } from './errors.ts';
import type { BudgeaRequest, BudgeaResponse } from './wire.ts';

/** Sends a request once and returns the response with any status. Throws TransportError. */
export type Send = (
  request: BudgeaRequest,
  configuration: Configuration,
  signal: AbortSignal,
) => Promise<BudgeaResponse>;

/** The time for which an idle connection stays open, in milliseconds. */
const keepAlive = 4_000;

/** Sends over HTTP/1.1 and does not follow redirects. */
export const send: Send = async (request, { basePath, authorization, timeouts }, signal) => {
  const { origin, prefix } = locate(basePath);
  try {
    const { status, headers, text } = await dispatch(origin, connectionOptions(timeouts), {
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
    const { failure, code } = classify(error, signal);
    // The error's message and fields can quote the request or the response, so only its code is passed on.
    const message = `${request.operation} failed: ${failure} (${code})`;
    throw new TransportError(failure, message, { sent: !isConnectFailure(error) });
  }
};

/** Opens a connection for the next request. */
export function preconnectTo({ basePath, timeouts }: Configuration): void {
  preconnect(locate(basePath).origin, connectionOptions(timeouts));
}

const connectionOptions = ({ connect }: Configuration['timeouts']) => ({ connectTimeout: connect, keepAlive });

let located = { basePath: '', origin: '', prefix: '' };

/** Parses a base URL. The last one is cached, because calls usually use the same one. */
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

const responseFailures = new Map<string, TransportFailure>([
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['HTTPParserError', 'malformed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'too-large'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'too-large'],
]);

function classify(error: unknown, signal: AbortSignal): { failure: TransportFailure; code: string } {
  if (signal.aborted) {
    const isTimeout = codeOf(signal.reason) === 'TimeoutError';
    return isTimeout ? { failure: 'timeout', code: 'TimeoutError' } : { failure: 'aborted', code: 'AbortError' };
  }
  const code = codeOf(error);
  if (isConnectFailure(error)) return { failure: connectFailure(code), code };
  return { failure: responseFailures.get(code) ?? 'broken', code };
}

/** System errors have codes such as ECONNREFUSED; any other error of a connection attempt is a TLS failure. */
function connectFailure(code: string): TransportFailure {
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  return /^E(?!RR_|PROTO)/.test(code) ? 'unreachable' : 'tls';
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

const noContent: BudgeaResponse = { status: 204, headers: {}, body: '' };

/**
 * Sends a request, and sends it once more when the first attempt was not sent, or when the operation is repeatable and the first attempt failed. A
 * request that creates a user or a token, or spends a code, is not sent again once it may have arrived.
 */
export async function withRetry<T>(
  request: BudgeaRequest,
  signal: AbortSignal,
  sendOnce: () => Promise<BudgeaResponse>,
  read: (response: BudgeaResponse) => T,
): Promise<T> {
  const attempt = async () => read(await sendOnce());
  return attempt().catch((first: unknown) => {
    if (signal.aborted || !isRetryable(request, first)) throw first;
    return attempt().catch((second: unknown) => {
      if (mayHaveArrived(first) && isAlreadyDeleted(request, second)) return read(noContent);
      throw second;
    });
  });
}

/** Returns whether the failure may be transient. 429 and 503 are not retried, because their `Retry-After` names a later time. */
function isRetryable({ repeatable }: BudgeaRequest, error: unknown): boolean {
  if (error instanceof ApiError) return repeatable && [500, 502, 504].includes(error.status);
  if (!(error instanceof TransportError)) return false;
  const { failure, sent } = error;
  return (failure === 'unreachable' || failure === 'timeout' || failure === 'broken') && (repeatable || !sent);
}

function mayHaveArrived(error: unknown): boolean {
  return !(error instanceof TransportError && !error.sent);
}

/**
 * Returns whether the error shows that the first attempt of a deletion succeeded: the resource is missing, or the revoked token is invalid. An
 * invalid token does not prove that a user was deleted, and a response without the API's error envelope proves nothing.
 */
function isAlreadyDeleted({ method, operation }: BudgeaRequest, error: unknown): boolean {
  if (method !== 'DELETE' || !(error instanceof ApiError)) return false;
  const { status, code } = error;
  if (code === undefined) return false;
  if (operation === 'auth_token_delete' && (status === 401 || code === 'invalidToken')) return true;
  return status === 404;
}
