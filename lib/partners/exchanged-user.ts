import { ApiError } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../http/call.ts';
import { budgeaFor } from '../http/upstream.ts';
import { revoke } from './new-user.ts';
import { OwnershipConflict, ownershipOf, recordOwner } from './ownership.ts';

/** A user of nobody's that is younger than this, in milliseconds, was registered by the partner that exchanges its code. */
const registrationAge = 24 * 3_600_000;

/** Makes upstream's refusal of a code the same as the gateway's, so that nobody can tell another partner's code from one that is spent. */
export async function validOrInvalid<T>(exchange: Promise<T>): Promise<T> {
  return exchange.catch((error: unknown) => {
    const invalid = error instanceof ApiError && error.code === 'invalidCode';
    throw invalid ? new GatewayError('invalidCode', { cause: error }) : error;
  });
}

/**
 * Settles whose user a code was exchanged for, before the caller gets the token. A code belongs to the client that it was issued to (RFC
 * 6749, section 4.1.3); upstream sees one client, so the binding is restored here. Throws GatewayError `invalidCode` for another partner's
 * user and `badGateway` when the question cannot be answered, the new token revoked in both cases.
 */
export async function settleExchangedUser(call: Call, owner: string, token: string): Promise<void> {
  try {
    await settle(call, owner, token);
  } catch (error) {
    await revoke(call, token);
    if (error instanceof OwnershipConflict) {
      throw new GatewayError('invalidCode', { detail: 'the code’s user is another partner’s' });
    }
    throw new GatewayError('badGateway', { detail: 'the code’s user cannot be settled', cause: error });
  }
}

async function settle(call: Call, owner: string, token: string): Promise<void> {
  const { id, signin } = await askIdentity(call, token);
  call.record.id_user = id;
  const ownership = await ownershipOf(id);
  if (ownership === undefined) {
    if (isRecent(signin)) await recordOwner(id, owner);
    return;
  }
  // A temporary user that got a permanent token stays, and stays its owner's, whoever exchanged the code.
  if (ownership.expires_at !== undefined) await recordOwner(id, ownership.owner);
  if (ownership.owner !== owner) throw new OwnershipConflict('the user is another partner’s');
}

async function askIdentity(call: Call, token: string): Promise<{ id: string; signin: string | null | undefined }> {
  const { id, signin } = await budgeaFor(call, { token }).usersIdUserGet('me');
  return { id: String(id), signin };
}

/** `YYYY-MM-DD HH:MM:SS`, in UTC. What cannot be read is not recent. */
function isRecent(signin: string | null | undefined): boolean {
  const time = Date.parse(`${signin?.replace(' ', 'T')}Z`);
  return now() - time < registrationAge;
}
