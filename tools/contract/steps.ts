import type { AssumptionId } from './assumptions.ts';
import type { Reply, Token } from './domain.ts';
import { Incomplete, type Context } from './investigation.ts';
import { isSuccess, type User } from './users.ts';

const unregistered = 'https://unregistered.invalid/callback';

/** Requests a route without credentials; one that the domain does not offer returns 404 or 405. */
export async function isOffered({ call, note }: Context, line: string): Promise<boolean> {
  const { status } = await call(line, line.startsWith('POST') ? { body: {} } : {});
  const isMissing = status === 404 || status === 405;
  if (isMissing) note(`${line}: ${status}, not offered.`);
  return !isMissing;
}

export function errorOf({ body }: Reply): unknown {
  return body['code'] ?? body['error'];
}

export async function rejectsBadClient(
  { call, check }: Context,
  line: string,
  fields: Record<string, string>,
): Promise<void> {
  const reply = await call(line, { body: { client_id: '10000000', client_secret: 'not-the-secret', ...fields } });
  check('bad-client-401', reply, reply.status === 401);
}

export function rejectsToken({ check }: Context, reply: Reply): void {
  check('bad-token-403', reply, reply.status === 403);
  check('bad-token-recognized', reply, isUnknownToken(reply));
}

function isUnknownToken({ status, body }: Reply): boolean {
  return status === 401 || (status === 403 && body['code'] === 'invalidToken');
}

export function isPermanent({ body }: Reply): boolean {
  return typeof body['auth_token'] === 'string' && body['type'] === 'permanent' && Number.isInteger(body['id_user']);
}

export function isInvalidCode({ status, body }: Reply): boolean {
  return status === 400 && body['code'] === 'invalidCode';
}

export function isUnknownUser({ status, exchange: { envelope } }: Reply): boolean {
  return status === 404 && envelope === 'Budgea';
}

export async function managesUser(
  { call, check, createUser }: Context,
  as: Token,
  reads: AssumptionId,
  deletes: AssumptionId,
): Promise<void> {
  const { id } = await createUser();
  const read = await call('GET /users/{id}', { as, at: id });
  check(reads, read, isSuccess(read.status));
  const deleted = await call('DELETE /users/{id}', { as, at: id });
  check(deletes, deleted, isSuccess(deleted.status));
}

/** Mints a manage JWT with the scope of the gateway's own, for two minutes. */
export async function manageJwt({ call, check, token }: Context): Promise<Token> {
  const reply = await call('POST /admin/jwt', { as: token('admin'), body: { scope: 'users', duration: 2 } });
  const value = reply.body['jwt_token'];
  check('admin-jwt', reply, typeof value === 'string');
  if (typeof value !== 'string') throw new Incomplete('POST /admin/jwt returned no manage JWT.');
  return { kind: 'manage JWT', value };
}

export async function readsCertificates(
  { call, check, note }: Context,
  assumption: AssumptionId,
  as: Token,
): Promise<void> {
  for (const at of ['qwac', 'qseal']) {
    const reply = await call('GET /certificate/{type}', { as, at });
    if (reply.status === 404) note(`There is no certificate of the type ${at}.`);
    else check(assumption, reply, isSuccess(reply.status));
  }
}

export async function listsAllUsers({ call, check }: Context, as: Token): Promise<void> {
  const reply = await call('GET /users/all', { as });
  if (isSuccess(reply.status)) check('users-array', reply, Array.isArray(reply.body['users']));
}

export async function rejectsWebauth({ call, check }: Context, client_id: string): Promise<void> {
  const reply = await call('GET /webauth', { query: { client_id, redirect_uri: unregistered, id_connector: '1' } });
  const location = reply.headers.get('location') ?? '';
  check('webauth-registered-uri', reply, !location.startsWith(unregistered));
  check('webauth-error-response', reply, reply.status >= 400);
}

export async function newCode(
  { call, check }: Context,
  as: Token,
  type: 'singleAccess' | 'requestAccess',
): Promise<Token> {
  const reply = await call('GET /auth/token/code', { as, query: { type } });
  const value = reply.body['code'];
  const isCode = isSuccess(reply.status) && typeof value === 'string';
  check('code-fields', reply, isCode);
  if (!isCode) throw new Incomplete('GET /auth/token/code returned no code.');
  if (type === 'singleAccess') {
    const life = reply.body['expires_in'];
    check('single-code-life', reply, typeof life === 'number' && life <= 1800);
  }
  return { kind: 'code', value };
}

export function exchange({ call, client }: Context, code: string): Promise<Reply> {
  return call('POST /auth/token/access', { body: { ...client(), code } });
}

export function renew(
  { call, client }: Context,
  id_user: string,
  fields: Record<string, unknown> = {},
): Promise<Reply> {
  const body = { grant_type: 'client_credentials', ...client(), id_user, ...fields };
  return call('POST /auth/renew', { body });
}

/** Stores another token of a user, with which the user can be deleted. */
export function adopt(user: User, { body }: Reply): Token | undefined {
  const value = body['access_token'];
  if (typeof value !== 'string') return undefined;
  const token: Token = { kind: 'user token', value };
  user.tokens.unshift(token);
  return token;
}

export async function secondToken(context: Context, user: User & { token: Token }): Promise<Token> {
  const code = await newCode(context, user.token, 'requestAccess');
  const token = adopt(user, await exchange(context, code.value));
  if (token === undefined) throw new Incomplete('POST /auth/token/access returned no token.');
  return token;
}

export async function deletesTwice(
  { call, check }: Context,
  line: string,
  as: Token,
  succeeds: AssumptionId = 'delete-succeeds',
): Promise<Reply> {
  const first = await call(line, { as });
  check(succeeds, first, isSuccess(first.status));
  const second = await call(line, { as });
  check('second-delete-recognized', second, second.status === 404 || isUnknownToken(second));
  return first;
}
