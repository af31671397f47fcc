import type { OperationId } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, form, json, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { combined } from '../presented.ts';

/** Who calls, and what there is to call about. */
export interface World {
  partner: DemoPartner & { redirect_uri: string };
  user: { id: string; token: string };
  /** A code of that user. */
  code: string;
}

/** A call that the gateway accepts and that asks upstream. */
export interface UpstreamCall {
  operation: OperationId;
  /** Whose credential the gateway attaches: its own, the caller's, or none. */
  attaches: 'own' | 'callers' | 'none';
  /** How often the same request may arrive upstream: once where it creates, mints or spends something. */
  arrivals: 1 | 2;
  request: (world: World) => [method: string, path: string, request: TestRequest];
}

const byKey = ({ partner }: World, request: TestRequest = {}): TestRequest =>
  combined(request, authorization(`Bearer ${partner.client_secret}`));
const byToken = ({ user }: World, request: TestRequest = {}): TestRequest =>
  combined(request, authorization(`Bearer ${user.token}`));
const byApiKey = ({ partner }: World): TestRequest => ({ headers: { 'x-api-key': partner.client_secret } });
const credentials = ({ partner: { client_id, client_secret } }: World) => ({ client_id, client_secret });
const webauthQuery = ({ partner: { client_id, redirect_uri }, code }: World) =>
  new URLSearchParams({ client_id, redirect_uri, state: 'mine', token: code, id_connector: '40' }).toString();

/** Every operation with every kind of caller that makes it ask upstream. */
export const upstreamCalls: [name: string, call: UpstreamCall][] = [
  ['POST /admin/jwt by key', once('admin_jwt_post', 'own', (world) => ['POST', '/admin/jwt', byKey(world)])],
  ['POST /admin/jwt by token', once('admin_jwt_post', 'callers', (world) => ['POST', '/admin/jwt', byToken(world)])],
  [
    'POST /auth/init by client',
    once('auth_init_post', 'own', (world) => ['POST', '/auth/init', form(credentials(world))]),
  ],
  ['POST /auth/init by key', once('auth_init_post', 'own', (world) => ['POST', '/auth/init', byKey(world)])],
  ['POST /auth/init by x-api-key', once('auth_init_post', 'none', (world) => ['POST', '/auth/init', byApiKey(world)])],
  ['POST /auth/init by token', once('auth_init_post', 'callers', (world) => ['POST', '/auth/init', byToken(world)])],
  [
    'POST /auth/jwt by client',
    once('auth_jwt_post', 'own', (world) => ['POST', '/auth/jwt', json(credentials(world))]),
  ],
  [
    'POST /auth/jwt by client for a user',
    once('auth_jwt_post', 'own', (world) => [
      'POST',
      '/auth/jwt',
      json({ ...credentials(world), id_user: world.user.id }),
    ]),
  ],
  ['POST /auth/jwt by key', once('auth_jwt_post', 'own', (world) => ['POST', '/auth/jwt', byKey(world)])],
  ['POST /auth/jwt by token', once('auth_jwt_post', 'callers', (world) => ['POST', '/auth/jwt', byToken(world)])],
  [
    'POST /auth/token/access',
    once('auth_token_access_post', 'own', (world) => [
      'POST',
      '/auth/token/access',
      form({ ...credentials(world), code: world.code, redirect_uri: world.partner.redirect_uri }),
    ]),
  ],
  [
    'GET /auth/token/code',
    once('auth_token_code_get', 'callers', (world) => ['GET', '/auth/token/code?type=singleAccess', byToken(world)]),
  ],
  [
    'POST /auth/token/code',
    once('auth_token_code_get', 'callers', (world) => ['POST', '/auth/token/code', byToken(world)]),
  ],
  ['DELETE /auth/token', twice('auth_token_delete', 'callers', (world) => ['DELETE', '/auth/token', byToken(world)])],
  [
    'GET /certificate/{type} by key',
    twice('certificate_type_get', 'own', (world) => ['GET', '/certificate/qwac', byKey(world)]),
  ],
  [
    'GET /certificate/{type} by token',
    twice('certificate_type_get', 'callers', (world) => ['GET', '/certificate/qseal?expand=a', byToken(world)]),
  ],
  ['DELETE /hash', twice('hash_delete', 'callers', (world) => ['DELETE', '/hash', byToken(world)])],
  [
    'GET /users/{id_user} by key',
    twice('users_id_user_get', 'own', (world) => ['GET', `/users/${world.user.id}?expand=a`, byKey(world)]),
  ],
  ['GET /users/all by key', twice('users_id_user_get', 'own', (world) => ['GET', '/users/all', byKey(world)])],
  ['GET /users/me by token', twice('users_id_user_get', 'callers', (world) => ['GET', '/users/me', byToken(world)])],
  [
    'DELETE /users/{id_user} by key',
    twice('users_id_user_delete', 'own', (world) => ['DELETE', `/users/${world.user.id}`, byKey(world)]),
  ],
  [
    'DELETE /users/{id_user} by token',
    twice('users_id_user_delete', 'callers', (world) => ['DELETE', `/users/${world.user.id}`, byToken(world)]),
  ],
  [
    'DELETE /users/me by token',
    twice('users_id_user_delete', 'callers', (world) => ['DELETE', '/users/me', byToken(world)]),
  ],
  [
    'POST /users/{id_user}/token by key',
    once('users_id_user_token_post', 'own', (world) => [
      'POST',
      `/users/${world.user.id}/token`,
      byKey(world, json({ application: 'sharedAccess' })),
    ]),
  ],
  [
    'POST /users/me/token by token',
    once('users_id_user_token_post', 'callers', (world) => [
      'POST',
      '/users/me/token',
      byToken(world, form({ application: 'sharedAccess' })),
    ]),
  ],
  [
    'GET /webauth',
    once('webauth_get', 'none', (world) => [
      'GET',
      `/webauth?${webauthQuery(world)}`,
      { headers: { accept: 'application/json' } },
    ]),
  ],
];

/** Makes a world: a partner with every grant that is used, its user and a code of the user. */
export async function makeWorld(gateway: Gateway): Promise<World> {
  const redirect_uri = 'https://example.com/back';
  const created = await gateway.newPartner({
    redirectUris: [redirect_uri],
    grants: ['users:all', 'admin:jwt:config:60', 'jwt:permanent'],
  });
  const partner = { ...created, redirect_uri };
  const user = await gateway.newUser(created);
  const answer = await gateway.sandbox('GET', '/auth/token/code', authorization(`Bearer ${user.token}`));
  return { partner, user, code: (answer.body as { code: string }).code };
}

/** Makes it as it was, for whatever a server says that stands for upstream: what the gateway has kept of its answers is gone. */
export async function renewWorld({ partner, user }: World): Promise<void> {
  const { table } = await import('#lib/aws/table.ts');
  const { saveOwner } = await import('#lib/partners/ownership.ts');
  // A certificate that is kept would not be asked for; a user that upstream called deleted would not be found.
  await Promise.all([table.delete('CERTIFICATE#qwac'), saveOwner(user.id, partner.client_id)]);
}

type Request = UpstreamCall['request'];

function once(operation: OperationId, attaches: UpstreamCall['attaches'], request: Request): UpstreamCall {
  return { operation, attaches, arrivals: 1, request };
}

function twice(operation: OperationId, attaches: UpstreamCall['attaches'], request: Request): UpstreamCall {
  return { operation, attaches, arrivals: 2, request };
}
