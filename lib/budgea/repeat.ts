import { TransportError } from './errors.ts';
import type { BudgeaRequest } from './request.ts';
import type { BudgeaResponse } from './response.ts';

/**
 * Makes the attempts that the operation allows: a second one when the first never left, or when the operation is repeatable and the first
 * failed. Nothing that creates a user, mints a token or spends a code is sent again once a byte may have arrived.
 */
export async function withRepeat(
  request: BudgeaRequest,
  attempt: () => Promise<BudgeaResponse>,
): Promise<BudgeaResponse> {
  const first = await attempt().catch((error: unknown) => {
    if (error instanceof TransportError && worthRepeating(request, error)) return undefined;
    throw error;
  });
  if (first !== undefined && !(request.repeatable && isPassing(first.status))) return first;
  const second = await attempt();
  return request.method === 'DELETE' && foundNothing(request, second) ? { ...second, status: 204, body: '' } : second;
}

function worthRepeating({ repeatable }: BudgeaRequest, { failure, sent }: TransportError): boolean {
  if (failure === 'tls' || failure === 'too-large') return false;
  return !sent || repeatable;
}

/** A failure that may be over in a moment; 503 and 429 say themselves when to come back. */
function isPassing(status: number): boolean {
  return status === 500 || status === 502 || status === 504;
}

/** A repeated delete that finds nothing did its work the first time; a token that removed itself is not known any more. */
function foundNothing({ operation }: BudgeaRequest, { status }: BudgeaResponse): boolean {
  return status === 404 || (operation === 'auth_token_delete' && (status === 401 || status === 403));
}
