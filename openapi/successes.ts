import type { MediaType } from '../lib/budgea/media.ts';
import type { Values } from '../lib/openapi/examples.ts';
import { basic, bearer } from './credentials.ts';
import type { Recording } from './record.ts';

const json = 'application/json';
const mediaTypes: readonly MediaType[] = [json, 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** One user of the partner. */
interface User {
  id_user: number;
  token: string;
}

/** Records how each operation succeeds: for every kind of caller, and in every media type. */
export async function recordSuccesses(recording: Recording): Promise<void> {
  const user = await users(recording);
  await readUsers(recording, user);
  await tokens(recording, user);
  await codes(recording, user);
  await certificates(recording, user);
  await webauth(recording, user);
  await deletions(recording, user);
}

async function users({ call, adminToken, stack: { partner, manager } }: Recording): Promise<User> {
  const common = { operation: 'auth_init_post', status: 200 } as const;
  const client = { name: 'client', summary: 'A new user, by client id and key', caller: 'client' } as const;
  const { client_id, client_secret } = partner;
  // Without a key in the body, the example is also what a page can send with the credentials that were entered there.
  const headers = { authorization: `Basic ${basic(partner)}` };
  const withBasic = { name: 'basic', summary: 'A new user, by HTTP Basic', caller: 'client', headers } as const;
  const made = [await call({ ...common, ...withBasic, mediaType: json, fields: {} })];
  for (const mediaType of mediaTypes) {
    made.push(await call({ ...common, ...client, mediaType, fields: { client_id, client_secret } }));
  }
  await call({
    ...common,
    name: 'manager',
    summary: 'A new user, by the key in Authorization',
    caller: 'manager',
    headers: bearer(client_secret),
  });
  await call({
    ...common,
    name: 'identified',
    summary: 'A temporary user, by the key in x-api-key',
    caller: 'identified',
    headers: { 'x-api-key': client_secret },
  });
  const { body: minted } = await call({
    operation: 'admin_jwt_post',
    status: 200,
    name: 'manager',
    summary: 'A manage JWT for five minutes',
    caller: 'manager',
    headers: bearer(manager.client_secret),
    mediaType: json,
    fields: { scope: 'config', duration: 5 },
  });
  await call({
    operation: 'admin_jwt_post',
    status: 200,
    name: 'token',
    summary: 'A manage JWT, by the banking API’s admin token',
    caller: 'token',
    headers: bearer(adminToken),
    mediaType: json,
    fields: { scope: 'users', duration: 5 },
  });
  await call({
    ...common,
    name: 'token',
    summary: 'A new user of nobody, by a manage JWT',
    caller: 'token',
    headers: bearer(String(minted['jwt_token'])),
  });
  const { id_user, auth_token } = made[0]?.body ?? {};
  return { id_user: Number(id_user), token: String(auth_token) };
}

async function readUsers({ call, stack: { partner, manager } }: Recording, { id_user, token }: User): Promise<void> {
  const common = { operation: 'users_id_user_get', status: 200 } as const;
  await call({
    ...common,
    name: 'manager',
    summary: 'A user of the partner, by the key',
    caller: 'manager',
    path: { id_user },
    headers: bearer(partner.client_secret),
  });
  await call({
    ...common,
    name: 'all',
    summary: 'Everyone, with the grant users:all',
    caller: 'manager',
    path: { id_user: 'all' },
    headers: bearer(manager.client_secret),
  });
  await call({
    ...common,
    name: 'token',
    summary: 'The token’s own user, with bank connections',
    caller: 'token',
    path: { id_user: 'me' },
    query: { expand: 'connections' },
    headers: bearer(token),
  });
}

async function tokens({ call, stack }: Recording, { id_user, token }: User): Promise<void> {
  const { partner, manager } = stack;
  const { client_id, client_secret } = partner;
  const jwt = { operation: 'auth_jwt_post', status: 200 } as const;
  await call({
    ...jwt,
    name: 'basic',
    summary: 'A JWT of one of the partner’s users, by HTTP Basic',
    caller: 'client',
    headers: { authorization: `Basic ${basic(partner)}` },
    mediaType: json,
    fields: { id_user },
  });
  const client = { name: 'client', summary: 'A JWT of one of the partner’s users', caller: 'client' } as const;
  for (const mediaType of mediaTypes) {
    await call({ ...jwt, ...client, mediaType, fields: { client_id, client_secret, id_user } });
  }
  await call({
    ...jwt,
    name: 'new_user',
    summary: 'A JWT of a new user',
    caller: 'manager',
    headers: bearer(client_secret),
  });
  await call({
    ...jwt,
    name: 'permanent',
    summary: 'A JWT that never expires, with the grant jwt:permanent',
    caller: 'manager',
    headers: bearer(manager.client_secret),
    mediaType: json,
    fields: { expire: false },
  });
  const { body: managing } = await call({
    operation: 'admin_jwt_post',
    status: 200,
    name: 'manager',
    summary: 'A manage JWT for five minutes',
    caller: 'manager',
    headers: bearer(manager.client_secret),
    mediaType: 'multipart/form-data',
    fields: { scope: 'config', duration: 5 },
  });
  const manage = bearer(String(managing['jwt_token']));
  const fields = { id_user };
  const byToken = { name: 'token', summary: 'A user’s JWT, by a manage JWT', caller: 'token' } as const;
  await call({ ...jwt, ...byToken, headers: manage, mediaType: json, fields });
  await call({
    operation: 'admin_jwt_post',
    status: 200,
    name: 'shortest',
    summary: 'What is left out: the scope config, for one minute',
    caller: 'manager',
    headers: bearer(manager.client_secret),
    mediaType: 'application/x-www-form-urlencoded',
    fields: { duration: 1 },
  });

  const another = {
    operation: 'users_id_user_token_post',
    status: 200,
    fields: { application: 'sharedAccess' },
  } as const;
  for (const mediaType of mediaTypes) {
    await call({
      ...another,
      name: 'manager',
      summary: 'Another token of a user of the partner',
      caller: 'manager',
      path: { id_user },
      headers: bearer(client_secret),
      mediaType,
    });
  }
  await call({
    ...another,
    name: 'token',
    summary: 'Another token of the token’s own user',
    caller: 'token',
    path: { id_user: 'me' },
    headers: bearer(token),
    mediaType: json,
  });
}

async function codes({ call, stack: { partner } }: Recording, { token }: User): Promise<void> {
  const headers = bearer(token);
  const got = { operation: 'auth_token_code_get', status: 200, caller: 'token', headers } as const;
  const newCode = async () =>
    String((await call({ ...got, name: 'token', summary: 'A code that works until it expires' })).body['code']);
  await call({ ...got, name: 'single', summary: 'A code that works once', query: { type: 'singleAccess' } });
  for (const mediaType of mediaTypes) {
    const summary = 'A code that works once';
    await call({ ...got, method: 'POST', name: 'single', summary, mediaType, fields: { type: 'singleAccess' } });
  }

  const { client_id, client_secret, redirect_uri } = partner;
  const access = { operation: 'auth_token_access_post', status: 200, caller: 'client' } as const;
  for (const mediaType of [json, 'application/x-www-form-urlencoded'] as const) {
    await call({
      ...access,
      name: 'basic',
      summary: 'The user’s token, by HTTP Basic as OAuth clients send it',
      headers: { authorization: `Basic ${basic(partner)}` },
      mediaType,
      fields: { code: await newCode() },
    });
  }
  for (const mediaType of mediaTypes) {
    const fields: Values = { client_id, client_secret, code: await newCode() };
    await call({ ...access, name: 'client', summary: 'The user’s token, for a code', mediaType, fields });
  }
  await call({
    ...access,
    name: 'redirect_uri',
    summary: 'With all that OAuth clients send',
    headers: { authorization: `Basic ${basic(partner)}` },
    mediaType: 'application/x-www-form-urlencoded',
    fields: { grant_type: 'authorization_code', code: await newCode(), redirect_uri },
  });
}

async function certificates({ call, stack }: Recording, { token }: User): Promise<void> {
  const { partner, certificate_types } = stack;
  const common = {
    operation: 'certificate_type_get',
    status: 200,
    path: { type: certificate_types[0] ?? '' },
  } as const;
  const kept = 'The copy that the gateway keeps';
  const headers = { authorization: `Basic ${basic(partner)}` };
  await call({ ...common, name: 'client', summary: `${kept}, with HTTP Basic`, caller: 'client', headers });
  const manager = { name: 'manager', summary: `${kept}, by the key in Authorization`, caller: 'manager' } as const;
  await call({ ...common, ...manager, headers: bearer(partner.client_secret) });
  const identified = { name: 'identified', summary: `${kept}, by the key in x-api-key`, caller: 'identified' } as const;
  await call({ ...common, ...identified, headers: { 'x-api-key': partner.client_secret } });
  const byToken = { name: 'token', summary: 'The banking API’s own answer', caller: 'token' } as const;
  await call({ ...common, ...byToken, headers: bearer(token) });
}

async function webauth({ call, stack: { partner, gateway } }: Recording, { token }: User): Promise<void> {
  const { client_id, redirect_uri } = partner;
  for (const [decision, name, summary] of [
    ['approve', 'approved', 'The person connected a bank'],
    ['refuse', 'refused', 'The person refused at the bank'],
  ] as const) {
    const { body } = await call({
      operation: 'auth_token_code_get',
      status: 200,
      name: 'token',
      summary: 'A code that works until it expires',
      caller: 'token',
      headers: bearer(token),
    });
    const { location } = await call({
      operation: 'webauth_get',
      status: 302,
      name: 'connect',
      summary: 'On to the bank, for a user whom the partner has',
      caller: 'anonymous',
      query: { client_id, redirect_uri, state: 'A-STATE-OF-YOURS', token: String(body['code']) },
    });
    const decided = await fetch(location, {
      method: 'POST',
      body: new URLSearchParams({ decision }),
      redirect: 'manual',
    });
    const back = new URL(decided.headers.get('location') ?? '');
    if (!back.href.startsWith(gateway)) throw new Error('the bank sends the browser elsewhere');
    const query = Object.fromEntries(back.searchParams);
    await call({ operation: 'webauth_callback_get', status: 302, name, summary, caller: 'anonymous', query });
  }
}

async function deletions({ call, stack: { partner } }: Recording, { id_user, token }: User): Promise<void> {
  const headers = bearer(token);
  const done = { status: 204, name: 'token', caller: 'token', headers } as const;
  await call({ ...done, operation: 'hash_delete', summary: 'All bank connections of the token’s user' });
  const { body } = await call({
    operation: 'users_id_user_token_post',
    status: 200,
    name: 'token',
    summary: 'Another token of the token’s own user',
    caller: 'token',
    path: { id_user: 'me' },
    headers,
    mediaType: json,
    fields: { application: 'sharedAccess' },
  });
  const other = bearer(String(body['token']));
  await call({
    ...done,
    operation: 'auth_token_delete',
    summary: 'The token that the call is made with',
    headers: other,
  });

  const deleted = { operation: 'users_id_user_delete', status: 200 } as const;
  const manager = { name: 'manager', summary: 'A user of the partner, by the key', caller: 'manager' } as const;
  await call({ ...deleted, ...manager, path: { id_user }, headers: bearer(partner.client_secret) });
  const made = await call({
    operation: 'auth_init_post',
    status: 200,
    name: 'manager',
    summary: 'A new user, by the key in Authorization',
    caller: 'manager',
    headers: bearer(partner.client_secret),
  });
  const own = bearer(String(made.body['auth_token']));
  await call({
    ...deleted,
    name: 'token',
    summary: 'The token’s own user',
    caller: 'token',
    path: { id_user: 'me' },
    headers: own,
  });
}
