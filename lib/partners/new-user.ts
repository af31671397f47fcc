import type { AuthenticationApi } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';
import { budgeaClient } from '../secrets/upstream.ts';
import { readUserId, OwnershipConflict, ownershipOf, saveOwner } from './ownership.ts';

/** A user that this very call created. */
export interface NewUser {
  /** Undefined when the answer did not say. */
  idUser: string | undefined;
  /** The user's own token, which no one else has yet. */
  token: string;
  /** When upstream deletes a temporary user, in seconds since the epoch. */
  temporaryUntil?: number | undefined;
}

/** Time for one attempt to undo, in milliseconds: the call's own may be used up. */
const undoTime = 3_000;

/**
 * Records a new user as the partner's; the caller gets its token only after that. Throws GatewayError `badGateway` when the ownership cannot
 * be recorded: a user that another partner owns keeps everything but the new token; an unowned one is deleted with its own token.
 */
export async function registerNewUser(call: Call, owner: string, user: NewUser): Promise<void> {
  const idUser = await identify(call, user);
  call.log.id_user = idUser;
  try {
    await saveOwner(idUser, owner, user.temporaryUntil);
  } catch (error) {
    const recorded = error instanceof OwnershipConflict ? 'another' : await whoIsRecorded(idUser, owner);
    if (recorded === 'owner') return;
    if (recorded === 'nobody') await deleteUser(call, user.token);
    else await revoke(call, user.token);
    if (recorded === 'another') call.log.count.push('OwnershipConflict');
    throw new GatewayError('badGateway', { detail: `the new user’s ownership: ${recorded} is recorded`, cause: error });
  }
}

/** Returns the new user's id. Deletes a user that cannot be recorded: one without an id or with an unusable token. */
async function identify(call: Call, { idUser, token }: NewUser): Promise<string> {
  try {
    requireSendable(call, token);
    return idUser ?? (await readUserId(call, budgeaClient(call, { token })));
  } catch (cause) {
    await deleteUser(call, token);
    throw cause instanceof GatewayError
      ? cause
      : new GatewayError('badGateway', { detail: 'the new user has no id; it was deleted', cause });
  }
}

/** What a header can carry. A caller that puts anything else into one sends another request than it means to. */
const sendable = /^[\x21-\x7e]+$/;

/** Counts a token that no header can carry. Throws GatewayError `badGateway` for it. */
export function requireSendable(call: Call, token: string): void {
  if (sendable.test(token)) return;
  call.log.count.push('UnusableToken');
  throw new GatewayError('badGateway', { detail: 'no header can carry the new token' });
}

/** Revokes a token that must not reach the caller; a failure is counted. */
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
      // The next form may be the token.
    }
  }
  call.log.count.push('UndoFailed');
}

/** The token; for one that no header can carry, what it may have been: wrapped as base64 in mails is, or with a line after it. */
function formsOf(token: string): string[] {
  const [firstLine = ''] = token.trim().split(/[\r\n]/, 1);
  return [...new Set([token, token.replaceAll(/\s/g, ''), firstLine])].filter((form) => sendable.test(form));
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
