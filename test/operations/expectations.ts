import type { CallerKind, ItemCall, ItemKind, OperationId, SecretName } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { TestUser } from '../gateway.ts';

/** What the tests of credentials, routes, roles and variables expect of an operation. */
export interface Expectation {
  /** Method and path, relative to `/2.0`. */
  routes: readonly string[];
  /** None: the operation ignores credentials. */
  accepts: readonly Exclude<CallerKind, 'anonymous'>[];
  /** The required fields of its body. */
  fields?: Readonly<Record<string, string>>;
  /** The secrets that its function can read. */
  secrets?: readonly SecretName[];
  /** The items that its function can reach with each call. */
  items?: Readonly<Partial<Record<ItemCall, readonly ItemKind[]>>>;
  /** Variables of its function beside those of secrets and items. */
  settings?: readonly string[];
}

const partnerItems = { get: ['PARTNER'], update: ['KEY_USE'] } as const;

/** Written by hand and not derived from the table of operations, so that a change of a row fails a test. */
export const expectations: Readonly<Record<OperationId, Expectation>> = {
  admin_jwt_post: {
    routes: ['POST /admin/jwt'],
    accepts: ['bearer_key', 'token'],
    secrets: ['admin-token'],
    items: partnerItems,
  },
  auth_init_post: {
    routes: ['POST /auth/init'],
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    secrets: ['client-credentials', 'manage-token'],
    items: { get: ['PARTNER', 'USER'], put: ['USER'], update: ['KEY_USE'] },
    settings: ['ALLOW_ANONYMOUS_INIT'],
  },
  auth_jwt_post: {
    routes: ['POST /auth/jwt'],
    accepts: ['client', 'bearer_key', 'token'],
    secrets: ['client-credentials', 'manage-token'],
    items: { get: ['PARTNER', 'USER'], put: ['USER'], update: ['KEY_USE', 'USER'] },
  },
  auth_token_access_post: {
    routes: ['POST /auth/token/access'],
    accepts: ['client'],
    fields: { code: 'abc' },
    secrets: ['client-credentials'],
    items: { get: ['PARTNER', 'USER', 'CODE'], put: ['USER'], update: ['KEY_USE', 'USER'] },
    settings: ['GATEWAY_URL'],
  },
  auth_token_code_get: { routes: ['GET /auth/token/code', 'POST /auth/token/code'], accepts: ['token'] },
  auth_token_delete: { routes: ['DELETE /auth/token'], accepts: ['token'] },
  certificate_type_get: {
    routes: ['GET /certificate/{type}'],
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    secrets: ['manage-token'],
    items: { get: ['PARTNER', 'CERTIFICATE'], put: ['CERTIFICATE'], update: ['KEY_USE', 'CERTIFICATE'] },
    settings: ['CERTIFICATE_TYPES'],
  },
  hash_delete: { routes: ['DELETE /hash'], accepts: ['token'] },
  users_id_user_get: {
    routes: ['GET /users/{id_user}'],
    accepts: ['bearer_key', 'token'],
    secrets: ['manage-token'],
    items: { get: ['PARTNER', 'USER'], update: ['KEY_USE', 'USER'] },
  },
  users_id_user_delete: {
    routes: ['DELETE /users/{id_user}'],
    accepts: ['bearer_key', 'token'],
    secrets: ['manage-token'],
    items: { get: ['PARTNER', 'USER'], update: ['KEY_USE'], delete: ['USER'] },
  },
  users_id_user_token_post: {
    routes: ['POST /users/{id_user}/token'],
    accepts: ['bearer_key', 'token'],
    fields: { application: 'sharedAccess' },
    secrets: ['manage-token'],
    items: { get: ['PARTNER', 'USER'], update: ['KEY_USE', 'USER'] },
  },
  webauth_get: {
    routes: ['GET /webauth'],
    accepts: [],
    secrets: ['client-credentials', 'sealing-keys'],
    items: { get: ['PARTNER', 'CODE'] },
    settings: ['GATEWAY_URL'],
  },
  webauth_callback_get: {
    routes: ['GET /webauth/callback'],
    accepts: [],
    secrets: ['sealing-keys'],
    items: { get: ['PARTNER'], put: ['CODE'] },
  },
};

/** A partner of the gateway, with its user. */
export interface Tenant {
  partner: DemoPartner;
  redirectUri: string;
  user: TestUser;
  /** A leaked code of the user. */
  code: string;
  connection: string;
}

/** A request for a resource of another tenant. */
interface ForeignRequest {
  path: string;
  fields?: Record<string, string>;
}

/**
 * `own`: the request succeeds for the caller's own resource. Otherwise the status and the code of the error, followed by `by upstream` when
 * upstream rejected the only call, or by the upstream calls.
 */
export type Outcome = string;

const unauthorized = '401 unauthorized';
const forbidden = '403 forbidden';
const notFound = '404 notFound';
const invalidValue = '400 invalidValue';
const upstreamForbids = '403 forbidden by upstream';

export type Attempt = [
  what: string,
  request: (other: Tenant, caller: Tenant) => ForeignRequest,
  outcomes: Partial<Record<CallerKind, Outcome>>,
];

/** For every operation: requests for another tenant's resources, and the outcome for every kind of credential. */
export const attempts: Readonly<Record<OperationId, readonly Attempt[]>> = {
  admin_jwt_post: [
    [
      'a manage JWT for every user',
      () => ({ path: '/admin/jwt', fields: { scope: 'users', duration: '60' } }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
  ],
  auth_init_post: [
    [
      'the other’s user as the new one',
      ({ user }) => ({ path: '/auth/init', fields: { id_user: user.id } }),
      { client: 'own', bearer_key: 'own', api_key: 'own', token: 'own', anonymous: unauthorized },
    ],
    [
      'a new user with the other’s client_id',
      ({ partner }) => ({ path: '/auth/init', fields: { client_id: partner.client_id } }),
      {
        client: invalidValue,
        bearer_key: invalidValue,
        api_key: invalidValue,
        anonymous: '400 missingParameter',
      },
    ],
  ],
  auth_jwt_post: [
    [
      'a JWT of the other’s user',
      ({ user }) => ({ path: '/auth/jwt', fields: { id_user: user.id } }),
      { client: notFound, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'a JWT of the other’s user with the other’s client_id',
      ({ user, partner }) => ({ path: '/auth/jwt', fields: { id_user: user.id, client_id: partner.client_id } }),
      { client: invalidValue, bearer_key: invalidValue, api_key: invalidValue },
    ],
  ],
  auth_token_access_post: [
    [
      'a token for a code of the other’s user',
      ({ code }) => ({ path: '/auth/token/access', fields: { code } }),
      {
        client: '400 invalidCode after POST /auth/token/access, GET /users/me, DELETE /auth/token',
        bearer_key: forbidden,
        api_key: forbidden,
        token: forbidden,
        anonymous: unauthorized,
      },
    ],
    [
      'a token for the other’s code with the other’s redirect URI',
      ({ code, redirectUri }) => ({ path: '/auth/token/access', fields: { code, redirect_uri: redirectUri } }),
      { client: invalidValue },
    ],
    [
      'another token for a token of the other’s user',
      ({ user }) => ({ path: '/auth/token/access', fields: { code: user.token } }),
      { client: '400 invalidCode by upstream' },
    ],
  ],
  auth_token_code_get: [
    [
      'a code of the other’s user',
      ({ user }) => ({ path: `/auth/token/code?id_user=${user.id}` }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  auth_token_delete: [
    [
      'the revocation of a token of the other’s user',
      ({ user }) => ({
        path: `/auth/token?${new URLSearchParams({ id_user: user.id, token: user.token }).toString()}`,
      }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  certificate_type_get: [
    [
      'a certificate, which is shared',
      () => ({ path: '/certificate/qwac' }),
      { client: 'own', bearer_key: 'own', api_key: 'own', token: 'own', anonymous: unauthorized },
    ],
  ],
  hash_delete: [
    [
      'the deletion of the connections of the other’s user',
      ({ user }) => ({ path: `/hash?id_user=${user.id}` }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  users_id_user_get: [
    [
      'the other’s user',
      ({ user }) => ({ path: `/users/${user.id}?expand=connections` }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the other’s user with an encoded id',
      ({ user }) => ({ path: `/users/${user.id.replace(/\d/g, (digit) => `%3${digit}`)}` }),
      { bearer_key: notFound, token: upstreamForbids },
    ],
    [
      'all users',
      () => ({ path: '/users/all' }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the other’s user by a path through the own user',
      ({ user: { id } }, { user }) => ({ path: `/users/${user.id}%2F..%2F${id}` }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  users_id_user_delete: [
    [
      'the deletion of the other’s user',
      ({ user }) => ({ path: `/users/${user.id}` }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the deletion of all users',
      () => ({ path: '/users/all' }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: forbidden, anonymous: unauthorized },
    ],
  ],
  users_id_user_token_post: [
    [
      'a token of the other’s user',
      ({ user }) => ({ path: `/users/${user.id}/token`, fields: { application: 'sharedAccess' } }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'a token of the other’s user with its id in the body',
      ({ user }) => ({ path: '/users/me/token', fields: { application: 'sharedAccess', id_user: user.id } }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  webauth_get: [
    [
      'the other’s redirect URI',
      ({ redirectUri }, { partner }) => ({ path: webauth(partner, redirectUri) }),
      { anonymous: invalidValue },
    ],
    [
      'the own redirect URI with the other’s client_id',
      ({ partner }, { redirectUri }) => ({ path: webauth(partner, redirectUri) }),
      { anonymous: invalidValue },
    ],
    [
      'the other’s connection for the own user',
      ({ connection }, { partner, redirectUri, code }) => ({
        path: webauth(partner, redirectUri, { id_connection: connection, token: code }),
      }),
      { anonymous: '404 notFound by upstream' },
    ],
  ],
  webauth_callback_get: [
    [
      'the other’s redirect URI in an unsealed state',
      ({ redirectUri }) => ({
        path: `/webauth/callback?state=${encodeURIComponent(JSON.stringify({ u: redirectUri }))}`,
      }),
      { anonymous: invalidValue },
    ],
  ],
};

function webauth({ client_id }: DemoPartner, redirect_uri: string, fields: Record<string, string> = {}): string {
  return `/webauth?${new URLSearchParams({ client_id, redirect_uri, ...fields }).toString()}`;
}
