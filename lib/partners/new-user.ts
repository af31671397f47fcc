import { GatewayError } from '../errors.ts';
import type { Call } from '../http/call.ts';
import { budgeaFor } from '../http/upstream.ts';
import { OwnershipConflict, ownershipOf, recordOwner } from './ownership.ts';

/** A user that this very call created. */
export interface NewUser {
  /** Undefined when the answer did not say. */
  idUser: string | undefined;
  /** The user's own token, which nobody else has yet. */
  token: string;
  /** When a temporary user vanishes, in seconds since the epoch. */
  expiresAt?: number | undefined;
}

/** Time for undoing, in milliseconds: the call's own may be used up. */
const undoTime = 3_000;

/**
 * Records a new user as the partner's; the caller gets its token only after that. Throws GatewayError `badGateway` when the ownership cannot
 * be recorded: a user that is recorded for another partner keeps everything but the new token, one that is recorded for nobody is deleted
 * with its own token.
 */
export async function registerNewUser(call: Call, owner: string, user: NewUser): Promise<void> {
  const idUser = user.idUser ?? (await askIdentity(call, user.token));
  if (idUser === undefined) {
    await deleteUser(call, user.token);
    throw new GatewayError('badGateway', { detail: 'the new user has no id; it was deleted' });
  }
  call.record.id_user = idUser;
  try {
    await recordOwner(idUser, owner, user.expiresAt);
  } catch (error) {
    const recorded = error instanceof OwnershipConflict ? 'another' : await whoIsRecorded(idUser, owner);
    if (recorded === 'owner') return;
    if (recorded === 'nobody') await deleteUser(call, user.token);
    else await revoke(call, user.token);
    if (recorded === 'another') call.record.count.push('OwnershipConflict');
    throw new GatewayError('badGateway', { detail: `the new user’s ownership: ${recorded} is recorded`, cause: error });
  }
}

/** Removes a token that must not reach the caller; a failure is logged, as there is nothing else to do about it. */
export async function revoke(call: Call, token: string): Promise<void> {
  await undoing(call, token)
    .authTokenDelete()
    .catch(() => call.record.count.push('UndoFailed'));
}

async function deleteUser(call: Call, token: string): Promise<void> {
  await undoing(call, token)
    .usersIdUserDelete('me')
    .catch(() => call.record.count.push('UndoFailed'));
}

function undoing(call: Call, token: string) {
  return budgeaFor({ ...call, signal: AbortSignal.timeout(undoTime) }, { token });
}

async function askIdentity(call: Call, token: string): Promise<string | undefined> {
  const user = await budgeaFor(call, { token })
    .usersIdUserGet('me')
    .catch(() => undefined);
  return user?.id.toString();
}

/** The write's outcome is unknown: a consistent read tells. */
async function whoIsRecorded(idUser: string, owner: string): Promise<'owner' | 'another' | 'nobody' | 'unknown'> {
  try {
    const ownership = await ownershipOf(idUser);
    if (ownership === undefined) return 'nobody';
    return ownership.owner === owner ? 'owner' : 'another';
  } catch {
    return 'unknown';
  }
}
