import type { OperationId } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { apiKey, bearer, combine, form, json, type Gateway, type TestUser } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';

/** The resources of the calls. */
export interface CallContext {
  partner: DemoPartner & { redirect_uri: string };
  user: TestUser;
  /** A code of that user. */
  code: string;
}

/** A valid call that makes the gateway call upstream. */
export interface UpstreamCall {
  operation: OperationId;
  /** The credential that the gateway attaches: its own, the caller's, or none. */
  attaches: 'own' | 'callers' | 'none';
  /** The maximum number of attempts upstream: 1 for requests that create a user, mint a token or use a code. */
  attempts: 1 | 2;
  request: (context: CallContext) => [method: string, path: string, request: TestRequest];
}

const byKey = ({ partner }: CallContext, request: TestRequest = {}) => combine(request, bearer(partner.client_secret));
const byToken = ({ user }: CallContext, request: TestRequest = {}) => combine(request, bearer(user.token));
const byApiKey = ({ partner }: CallContext) => apiKey(partner.client_secret);
const credentials = ({ partner: { client_id, client_secret } }: CallContext) => ({ client_id, client_secret });
const webauthQuery = ({ partner: { client_id, redirect_uri }, code }: CallContext) =>
  new URLSearchParams({ client_id, redirect_uri, state: 'mine', token: code, id_connector: '40' }).toString();

/** Every operation with every kind of caller for which it calls upstream. */
export const upstreamCalls: [name: string, call: UpstreamCall][] = [
  ['POST /admin/jwt by key', once('admin_jwt_post', 'own', (context) => ['POST', '/admin/jwt', byKey(context)])],
  [
    'POST /admin/jwt by token',
    once('admin_jwt_post', 'callers', (context) => ['POST', '/admin/jwt', byToken(context)]),
  ],
  [
    'POST /auth/init by client',
    once('auth_init_post', 'own', (context) => ['POST', '/auth/init', form(credentials(context))]),
  ],
  ['POST /auth/init by key', once('auth_init_post', 'own', (context) => ['POST', '/auth/init', byKey(context)])],
  [
    'POST /auth/init by x-api-key',
    once('auth_init_post', 'none', (context) => ['POST', '/auth/init', byApiKey(context)]),
  ],
  [
    'POST /auth/init by token',
    once('auth_init_post', 'callers', (context) => ['POST', '/auth/init', byToken(context)]),
  ],
  [
    'POST /auth/jwt by client',
    once('auth_jwt_post', 'own', (context) => ['POST', '/auth/jwt', json(credentials(context))]),
  ],
  [
    'POST /auth/jwt by client for a user',
    once('auth_jwt_post', 'own', (context) => [
      'POST',
      '/auth/jwt',
      json({ ...credentials(context), id_user: context.user.id }),
    ]),
  ],
  ['POST /auth/jwt by key', once('auth_jwt_post', 'own', (context) => ['POST', '/auth/jwt', byKey(context)])],
  ['POST /auth/jwt by token', once('auth_jwt_post', 'callers', (context) => ['POST', '/auth/jwt', byToken(context)])],
  [
    'POST /auth/token/access',
    once('auth_token_access_post', 'own', (context) => [
      'POST',
      '/auth/token/access',
      form({ ...credentials(context), code: context.code, redirect_uri: context.partner.redirect_uri }),
    ]),
  ],
  [
    'GET /auth/token/code',
    once('auth_token_code_get', 'callers', (context) => [
      'GET',
      '/auth/token/code?type=singleAccess',
      byToken(context),
    ]),
  ],
  [
    'POST /auth/token/code',
    once('auth_token_code_get', 'callers', (context) => ['POST', '/auth/token/code', byToken(context)]),
  ],
  [
    'DELETE /auth/token',
    twice('auth_token_delete', 'callers', (context) => ['DELETE', '/auth/token', byToken(context)]),
  ],
  [
    'GET /certificate/{type} by key',
    twice('certificate_type_get', 'own', (context) => ['GET', '/certificate/qwac', byKey(context)]),
  ],
  [
    'GET /certificate/{type} by token',
    twice('certificate_type_get', 'callers', (context) => ['GET', '/certificate/qseal?expand=a', byToken(context)]),
  ],
  ['DELETE /hash', twice('hash_delete', 'callers', (context) => ['DELETE', '/hash', byToken(context)])],
  [
    'GET /users/{id_user} by key',
    twice('users_id_user_get', 'own', (context) => ['GET', `/users/${context.user.id}?expand=a`, byKey(context)]),
  ],
  ['GET /users/all by key', twice('users_id_user_get', 'own', (context) => ['GET', '/users/all', byKey(context)])],
  [
    'GET /users/me by token',
    twice('users_id_user_get', 'callers', (context) => ['GET', '/users/me', byToken(context)]),
  ],
  [
    'DELETE /users/{id_user} by key',
    twice('users_id_user_delete', 'own', (context) => ['DELETE', `/users/${context.user.id}`, byKey(context)]),
  ],
  [
    'DELETE /users/{id_user} by token',
    twice('users_id_user_delete', 'callers', (context) => ['DELETE', `/users/${context.user.id}`, byToken(context)]),
  ],
  [
    'DELETE /users/me by token',
    twice('users_id_user_delete', 'callers', (context) => ['DELETE', '/users/me', byToken(context)]),
  ],
  [
    'POST /users/{id_user}/token by key',
    once('users_id_user_token_post', 'own', (context) => [
      'POST',
      `/users/${context.user.id}/token`,
      byKey(context, json({ application: 'sharedAccess' })),
    ]),
  ],
  [
    'POST /users/me/token by token',
    once('users_id_user_token_post', 'callers', (context) => [
      'POST',
      '/users/me/token',
      byToken(context, form({ application: 'sharedAccess' })),
    ]),
  ],
  [
    'GET /webauth',
    once('webauth_get', 'none', (context) => [
      'GET',
      `/webauth?${webauthQuery(context)}`,
      { headers: { accept: 'application/json' } },
    ]),
  ],
];

/** Creates a partner with all grants that the calls need, a user and a code of the user. */
export async function createContext(gateway: Gateway): Promise<CallContext> {
  const redirect_uri = 'https://example.com/back';
  const created = await gateway.newPartner({
    redirectUris: [redirect_uri],
    grants: ['users:all', 'admin:jwt:config:60', 'jwt:permanent'],
  });
  const partner = { ...created, redirect_uri };
  const user = await gateway.newUser(created);
  return { partner, user, code: await gateway.newCode(user.token) };
}

/** Restores the state that a hostile upstream's responses have changed. */
export async function restoreContext({ partner, user }: CallContext): Promise<void> {
  const { table } = await import('#lib/aws/table.ts');
  const { saveOwner } = await import('#lib/partners/ownership.ts');
  // A stored certificate is not requested upstream; the ownership of a user that upstream reported as deleted is gone.
  await Promise.all([table.delete('CERTIFICATE#qwac'), saveOwner(user.id, partner.client_id)]);
}

type Request = UpstreamCall['request'];

function once(operation: OperationId, attaches: UpstreamCall['attaches'], request: Request): UpstreamCall {
  return { operation, attaches, attempts: 1, request };
}

function twice(operation: OperationId, attaches: UpstreamCall['attaches'], request: Request): UpstreamCall {
  return { operation, attaches, attempts: 2, request };
}
