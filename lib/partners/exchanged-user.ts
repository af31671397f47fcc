import { ApiError } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';
import { budgeaClient } from '../secrets/upstream.ts';
import { requireSendable, revoke } from './new-user.ts';
import { readUserId, OwnershipConflict, ownershipOf, saveOwner, savePermanent } from './ownership.ts';

/** Replaces upstream's `invalidCode` by the gateway's, so that another partner's code is indistinguishable from a used one. */
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
 * Verifies that the partner may access the user of an exchanged code, before the token is returned. A code is bound to the client that it was
 * issued to (RFC 6749, section 4.1.3), but upstream sees a single client, so the gateway enforces the binding: an unowned user becomes the
 * partner's only through a code that the callback bound to it. Throws GatewayError `invalidCode` for any other user that the partner does not
 * own, and `badGateway` when the user or its owner cannot be determined. Revokes the new token in both cases.
 */
export async function verifyExchangedUser(call: Call, exchanged: Exchanged): Promise<void> {
  try {
    await requireOwner(call, exchanged);
  } catch (error) {
    await revoke(call, exchanged.token);
    if (error instanceof GatewayError) throw error;
    if (error instanceof OwnershipConflict) throw invalidCode('another partner owns the code’s user');
    throw new GatewayError('badGateway', { detail: 'the owner of the code’s user cannot be determined', cause: error });
  }
}

async function requireOwner(call: Call, { partner, bound, token }: Exchanged): Promise<void> {
  requireSendable(call, token);
  const id = await readUserId(call, budgeaClient(call, { token }));
  const ownership = await ownershipOf(id);
  if (ownership === undefined) {
    if (!bound) throw invalidCode('the code’s user is unowned, and the code is not bound to this partner');
    return saveOwner(id, partner);
  }
  // The exchange makes a temporary user permanent, also one of another partner.
  if (ownership.temporary_until !== undefined) await savePermanent(id, ownership.owner);
  if (ownership.owner !== partner) throw invalidCode('another partner owns the code’s user');
}

function invalidCode(detail: string): GatewayError {
  return new GatewayError('invalidCode', { detail });
}
