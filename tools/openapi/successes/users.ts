import type { Recording } from '../record.ts';
import { callersOf, json, manageJwt, mediaTypes, newUser, withToken, type User } from './common.ts';

/** Records how users are made; gives the first of them. */
export async function recordNewUsers(recording: Recording): Promise<User> {
  const { call, adminToken, stack } = recording;
  const { pair, basic, api_key: identified } = callersOf(stack.partner);
  const init = { operation: 'auth_init_post', status: 200 } as const;
  // Without a key in the body, the example is also what a page can send with the credentials that were entered there.
  const { body: first } = await call({
    ...init,
    ...basic,
    name: 'basic',
    summary: 'A new user, by HTTP Basic',
    mediaType: json,
    fields: {},
  });
  for (const mediaType of mediaTypes) {
    const summary = 'A new user, by client id and key';
    await call({ ...init, name: 'client', summary, caller: 'client', mediaType, fields: pair });
  }
  await call(newUser(stack.partner));
  await call({ ...init, ...identified, name: 'api_key', summary: 'A temporary user, by the key in x-api-key' });
  const { body: minted } = await call(manageJwt(recording, json));
  await call({
    operation: 'admin_jwt_post',
    status: 200,
    name: 'token',
    summary: 'A manage JWT, by the banking API’s admin token',
    ...withToken(adminToken),
    mediaType: json,
    fields: { scope: 'users', duration: 5 },
  });
  const byToken = withToken(minted['jwt_token']);
  await call({ ...init, ...byToken, name: 'token', summary: 'A new user of nobody, by a manage JWT' });
  return { id_user: Number(first['id_user']), token: String(first['auth_token']) };
}

/** Records how users are read. */
export async function recordReadUsers({ call, stack }: Recording, { id_user, token }: User): Promise<void> {
  const read = { operation: 'users_id_user_get', status: 200 } as const;
  await call({
    ...read,
    ...callersOf(stack.partner).bearer_key,
    name: 'bearer_key',
    summary: 'A user of the partner, by the key',
    path: { id_user },
  });
  await call({
    ...read,
    ...callersOf(stack.manager).bearer_key,
    name: 'all',
    summary: 'Everyone, with the grant users:all',
    path: { id_user: 'all' },
  });
  await call({
    ...read,
    ...withToken(token),
    name: 'token',
    summary: 'The token’s own user, with bank connections',
    path: { id_user: 'me' },
    query: { expand: 'connections' },
  });
}
