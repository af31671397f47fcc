import type { CallerKind, ItemCall, ItemKind, OperationId, SecretName } from '#lib/operations/table.ts';

/** What the tests of credentials, routes, roles and variables expect of an operation. */
export interface Expectation {
  /** Method and path, relative to `/2.0`. */
  routes: readonly string[];
  /** None: the operation ignores credentials. */
  accepts: readonly Exclude<CallerKind, 'anonymous'>[];
  /** The secrets that its function can read. */
  secrets?: readonly SecretName[];
  /** The items that its function can reach with each call. */
  items?: Readonly<Partial<Record<ItemCall, readonly ItemKind[]>>>;
  /** Variables of its function beside those of secrets and items. */
  settings?: readonly string[];
}

const partner = { get: ['PARTNER'], update: ['KEY_USE'] } as const;

/** Written by hand and not derived from the table of operations, so that a change of a row fails a test. */
export const expectations: Readonly<Record<OperationId, Expectation>> = {
  admin_jwt_post: {
    routes: ['POST /admin/jwt'],
    accepts: ['bearer_key', 'token'],
    secrets: ['admin-token'],
    items: partner,
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
