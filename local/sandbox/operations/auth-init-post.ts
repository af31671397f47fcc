import { callerOf } from '../callers.ts';
import { isSignedByClient, refuseHalfCredentials } from '../client-authentication.ts';
import type { Operation } from '../operation.ts';
import { HALF_AN_HOUR } from '../state/clock.ts';

/** `POST /auth/init`: makes a user, permanent for the client and for manage tokens, else for half an hour. */
export const authInitPost: Operation = async (budgea, call) => {
  const isClient = isSignedByClient(budgea, call);
  const caller = isClient ? undefined : await callerOf(budgea, call);

  if (isClient || caller?.kind === 'admin' || caller?.kind === 'manage') {
    const { id } = await budgea.users.create('permanent');
    const auth_token = await budgea.tokens.issuePermanent(id);
    return { status: 200, body: { auth_token, type: 'permanent', id_user: id } };
  }

  if (caller === undefined) refuseHalfCredentials(call);
  const { id } = await budgea.users.create('temporary');
  const auth_token = await budgea.tokens.issueTemporary(id);
  return { status: 200, body: { auth_token, type: 'temporary', expires_in: HALF_AN_HOUR, id_user: id } };
};
