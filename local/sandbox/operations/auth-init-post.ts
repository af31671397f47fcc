import { callerOf, isSignedByClient, rejectPartialCredentials } from '../authorization.ts';
import type { Operation } from '../call.ts';
import { HALF_AN_HOUR } from '../state/settings.ts';

/** `POST /auth/init`: creates a user, permanent for the client and manage tokens, otherwise temporary. */
export const authInitPost: Operation = async (budgea, call) => {
  const isClient = isSignedByClient(budgea, call);
  const caller = isClient ? undefined : await callerOf(budgea, call);

  if (isClient || caller?.kind === 'admin' || caller?.kind === 'manage') {
    const { id } = await budgea.users.create('permanent');
    const auth_token = await budgea.tokens.issuePermanent(id);
    return { status: 200, body: { auth_token, type: 'permanent', id_user: id } };
  }

  if (caller === undefined) rejectPartialCredentials(call);
  const { id } = await budgea.users.create('temporary');
  const auth_token = await budgea.tokens.issueTemporary(id);
  return { status: 200, body: { auth_token, type: 'temporary', expires_in: HALF_AN_HOUR, id_user: id } };
};
