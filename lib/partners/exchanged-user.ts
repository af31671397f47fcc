import { ApiError } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';
import { budgeaClient } from '../secrets/upstream.ts';
import { requireSendable, revoke } from './new-user.ts';
import { readUserId, OwnershipConflict, ownershipOf, saveOwner, savePermanent } from './ownership.ts';

/** Makes upstream's refusal of a code the same as the gateway's, so that another partner's code cannot be told from a spent one. */
export async function unifyInvalidCode<T>(exchange: Promise<T>): Promise<T> {
  return exchange.catch((error: unknown) => {
    const invalid = error instanceof ApiError && error.code === 'invalidCode';
    throw invalid ? new GatewayError('invalidCode', { cause: error }) : error;
  });
}

/** The outcome of an exchange. */
export interface Exchanged {
  /** The client id of the partner that exchanged the code. */
  partner: string;
  /** Whether the callback bound the code to this partner. */
  bound: boolean;
  /** The new permanent token of the code's user. */
  token: string;
}

/**
 * Checks that the partner may have the user of an exchanged code, before it gets the token. A code belongs to the client that it was issued
 * to (RFC 6749, section 4.1.3); upstream sees one client, so the binding is restored here: an unowned user becomes the partner's by a code
 * that the callback bound to it, and by no other. Throws GatewayError `invalidCode` for any other user that the partner does not own, and
 * `badGateway` when the question cannot be answered, the new token revoked in both cases.
 */
export async function verifyExchangedUser(call: Call, exchanged: Exchanged): Promise<void> {
  try {
    await settle(call, exchanged);
  } catch (error) {
    await revoke(call, exchanged.token);
    if (error instanceof GatewayError) throw error;
    if (error instanceof OwnershipConflict) throw notTheirs('another partner owns the code’s user');
    throw new GatewayError('badGateway', { detail: 'the code’s user cannot be settled', cause: error });
  }
}

async function settle(call: Call, { partner, bound, token }: Exchanged): Promise<void> {
  requireSendable(call, token);
  const id = await readUserId(call, budgeaClient(call, { token }));
  const ownership = await ownershipOf(id);
  if (ownership === undefined) {
    if (!bound) throw notTheirs('the code’s user is unowned, and the code is not bound to this partner');
    return saveOwner(id, partner);
  }
  // The exchange makes a temporary user permanent, whichever partner made it.
  if (ownership.temporary_until !== undefined) await savePermanent(id, ownership.owner);
  if (ownership.owner !== partner) throw notTheirs('another partner owns the code’s user');
}

function notTheirs(detail: string): GatewayError {
  return new GatewayError('invalidCode', { detail });
}
