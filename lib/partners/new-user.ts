import type { AuthenticationApi } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';
import { budgeaClient } from '../secrets/upstream.ts';
import { readUserId, OwnershipConflict, ownershipOf, saveOwner } from './ownership.ts';

/** A user that the current call created. */
export interface NewUser {
  /** Undefined when upstream's response has no user id. */
  idUser: string | undefined;
  /** The user's token, which has not been returned to the caller yet. */
  token: string;
  /** When upstream deletes a temporary user, in seconds since the epoch. */
  temporaryUntil?: number | undefined;
}

/** Timeout of one undo attempt, in milliseconds. It is separate, as the call's own deadline may have passed. */
const undoTime = 3_000;

/**
 * Records the partner as the owner of a new user, before the token is returned. Throws GatewayError `badGateway` when the ownership cannot be
 * recorded. Deletes the user in that case; of a user that another partner owns, or may own, it only revokes the new token.
 */
export async function registerNewUser(call: Call, owner: string, user: NewUser): Promise<void> {
  const idUser = await identify(call, user);
  call.log.id_user = idUser;
  try {
    await saveOwner(idUser, owner, user.temporaryUntil);
  } catch (error) {
    const recorded = error instanceof OwnershipConflict ? 'another partner' : await recordedOwner(idUser, owner);
    if (recorded === 'this partner') return;
    if (recorded === 'none') await deleteUser(call, user.token);
    else await revoke(call, user.token);
    if (recorded === 'another partner') call.log.count.push('OwnershipConflict');
    throw new GatewayError('badGateway', { detail: `recorded owner of the new user: ${recorded}`, cause: error });
  }
}

/** Returns the new user's id. Deletes the user and throws when the id is unknown or the token unusable. */
async function identify(call: Call, { idUser, token }: NewUser): Promise<string> {
  try {
    requireSendable(call, token);
    return idUser ?? (await readUserId(call, budgeaClient(call, { token })));
  } catch (cause) {
    await deleteUser(call, token);
    throw cause instanceof GatewayError
      ? cause
      : new GatewayError('badGateway', { detail: 'the id of the new user is unknown; the user was deleted', cause });
  }
}

/** The characters of a header value. Any other character could change the request that carries the token. */
const sendable = /^[\x21-\x7e]+$/;

/** Throws GatewayError `badGateway` for a token that is not a valid header value, and counts it. */
export function requireSendable(call: Call, token: string): void {
  if (sendable.test(token)) return;
  call.log.count.push('UnusableToken');
  throw new GatewayError('badGateway', { detail: 'the new token is not a valid header value' });
}

/** Revokes a token that must not be returned to the caller. Counts a failure and does not throw. */
export function revoke(call: Call, token: string): Promise<void> {
  return undo(call, token, (budgea) => budgea.authTokenDelete());
}

function deleteUser(call: Call, token: string): Promise<void> {
  return undo(call, token, (budgea) => budgea.usersIdUserDelete('me'));
}

async function undo(call: Call, token: string, action: (budgea: AuthenticationApi) => Promise<unknown>): Promise<void> {
  for (const form of formsOf(token)) {
    const signal = AbortSignal.timeout(undoTime);
    try {
      await action(budgeaClient({ ...call, signal }, { token: form }));
      return;
    } catch {
      // Try the next form.
    }
  }
  call.log.count.push('UndoFailed');
}

/** Returns the token or, if it is not a valid header value, its likely originals: without line breaks, and only the first line. */
function formsOf(token: string): string[] {
  const [firstLine = ''] = token.trim().split(/[\r\n]/, 1);
  return [...new Set([token, token.replaceAll(/\s/g, ''), firstLine])].filter((form) => sendable.test(form));
}

type RecordedOwner = 'this partner' | 'another partner' | 'none' | 'unknown';

/** Determines the outcome of a failed write by a consistent read. */
async function recordedOwner(idUser: string, owner: string): Promise<RecordedOwner> {
  try {
    const ownership = await ownershipOf(idUser);
    if (ownership === undefined) return 'none';
    return ownership.owner === owner ? 'this partner' : 'another partner';
  } catch {
    return 'unknown';
  }
}
