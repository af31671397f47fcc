import type { Recording } from '../record.ts';
import { callersOf, newUser, ownToken, withToken, type User } from './common.ts';

/** Records how connections, tokens and users are deleted; the user is gone then. */
export async function recordDeletions({ call, stack: { partner } }: Recording, user: User): Promise<void> {
  const { id_user, token } = user;
  const done = { status: 204, name: 'token' } as const;
  const summary = 'All bank connections of the token’s user';
  await call({ ...done, ...withToken(token), operation: 'hash_delete', summary });
  const { body: other } = await call(ownToken(token));
  await call({
    ...done,
    ...withToken(other['token']),
    operation: 'auth_token_delete',
    summary: 'The token that the call is made with',
  });

  const deleted = { operation: 'users_id_user_delete', status: 200 } as const;
  await call({
    ...deleted,
    ...callersOf(partner).bearer_key,
    name: 'bearer_key',
    summary: 'A user of the partner, by the key',
    path: { id_user },
  });
  const { body: made } = await call(newUser(partner));
  await call({
    ...deleted,
    ...withToken(made['auth_token']),
    name: 'token',
    summary: 'The token’s own user',
    path: { id_user: 'me' },
  });
}
