import type { Budgea } from './budgea.ts';
import { invalid, requiredText, text, type Call } from './call.ts';
import { BudgeaError } from './errors.ts';
import type { User } from './state/users.ts';

/** The owner of a token. */
export type Caller =
  | { kind: 'admin' }
  | { kind: 'manage'; scopes: readonly string[] }
  | { kind: 'user'; id_user: number; revoke: () => Promise<void> };

/** Returns the caller of `Authorization: Bearer <token>` (or `OAuth <token>`), if the header is present. Throws `invalidToken`. */
export async function callerOf(budgea: Budgea, call: Call): Promise<Caller | undefined> {
  const token = /^(?:bearer|oauth) +(\S+) *$/i.exec(call.authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const caller = await identify(budgea, token);
  if (caller === undefined) throw new BudgeaError('invalidToken', 'The token is invalid or has expired');
  return caller;
}

/** As `callerOf`, but throws `unauthorized` without a token. */
export async function requireCaller(budgea: Budgea, call: Call): Promise<Caller> {
  const caller = await callerOf(budgea, call);
  if (caller === undefined) throw new BudgeaError('unauthorized', 'A token is required');
  return caller;
}

/** Returns the user of the token. Throws `forbidden` for a manage token. */
export async function requireUser(budgea: Budgea, call: Call) {
  const caller = await requireCaller(budgea, call);
  if (caller.kind !== 'user') throw forbidden('This needs the token of a user');
  return caller;
}

/** The error of a caller without the necessary right. */
export function forbidden(description: string): BudgeaError {
  return new BudgeaError('forbidden', description);
}

/**
 * Returns the user in the path `/users/{id_user}`. A user's token reaches its own user; the admin token and a manage token with the scope
 * `users` reach any user. Throws `forbidden` whether or not the user exists.
 */
export async function targetOf(budgea: Budgea, call: Call): Promise<User | 'all'> {
  const caller = await requireCaller(budgea, call);
  const target = requiredText(call.path, 'id_user');
  if (target === 'all') {
    requireUsersRight(caller);
    return 'all';
  }
  const id = target === 'me' ? ownId(caller) : numericId(target);
  if (caller.kind !== 'user') requireUsersRight(caller);
  else if (caller.id_user !== id) throw forbidden('The token belongs to another user');

  const user = budgea.users.find(id);
  if (user === undefined) throw new BudgeaError('notFound', 'There is no such user');
  return user;
}

/**
 * Whether the call has the client's id and secret, in the body or otherwise in HTTP Basic. Throws `invalidClient` for complete credentials
 * that are wrong, regardless of any token.
 */
export function isSignedByClient(budgea: Budgea, call: Call): boolean {
  const presented = fromBody(call) ?? fromBasic(call);
  if (presented === undefined) return false;
  if (!presented.some(({ id, secret }) => budgea.contract.isClient(id, secret))) {
    throw new BudgeaError('invalidClient', 'The client credentials are invalid');
  }
  return true;
}

/** Throws `missingParameter` when the body has only one of the client's two fields. */
export function rejectPartialCredentials({ body }: Call): void {
  const missing = text(body, 'client_id') === undefined ? 'client_id' : 'client_secret';
  const other = missing === 'client_id' ? 'client_secret' : 'client_id';
  if (text(body, other) !== undefined) requiredText(body, missing);
}

/** Throws `invalidValue` unless the URI is exactly one on the console's whitelist, without a query. */
export function requireWhitelisted(budgea: Budgea, redirectUri: string): void {
  if (redirectUri.includes('?') || !budgea.redirectUris.includes(redirectUri)) throw invalid('redirect_uri');
}

async function identify(budgea: Budgea, token: string): Promise<Caller | undefined> {
  if (budgea.contract.isAdminToken(token)) return { kind: 'admin' };
  const opaque = budgea.tokens.find(token);
  if (opaque !== undefined) {
    return { kind: 'user', id_user: opaque.id_user, revoke: () => budgea.tokens.revoke(token) };
  }
  const jwt = await budgea.jwts.find(token);
  if (jwt === undefined) return undefined;
  if (jwt.claims.type === 'manage_token') return { kind: 'manage', scopes: jwt.claims.scope.split(' ') };
  return { kind: 'user', id_user: jwt.claims.id_user, revoke: () => budgea.jwts.revoke(jwt.jti) };
}

function ownId(caller: Caller): number {
  if (caller.kind !== 'user') throw forbidden('A manage token belongs to no user');
  return caller.id_user;
}

function numericId(target: string): number {
  if (!/^[1-9][0-9]{0,17}$/.test(target)) throw invalid('id_user');
  return Number(target);
}

function requireUsersRight(caller: Caller): void {
  if (caller.kind === 'admin') return;
  if (caller.kind === 'manage' && caller.scopes.includes('users')) return;
  throw forbidden('This needs a manage token with the scope users');
}

interface Credentials {
  id: string;
  secret: string;
}

function fromBody({ body }: Call): Credentials[] | undefined {
  const id = text(body, 'client_id');
  const secret = text(body, 'client_secret');
  return id === undefined || secret === undefined ? undefined : [{ id, secret }];
}

/** Returns both interpretations of `id:secret:`, which one SDK sends: with and without the final colon in the secret. */
function fromBasic({ authorization }: Call): Credentials[] | undefined {
  const encoded = /^basic +(\S*) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const secret = rest.join(':');
  return [
    { id, secret },
    { id, secret: secret.replace(/:$/, '') },
  ];
}
