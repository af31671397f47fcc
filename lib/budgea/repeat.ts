import { ApiError, TransportError } from './errors.ts';
import type { BudgeaRequest } from './request.ts';
import type { BudgeaResponse } from './response.ts';

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
