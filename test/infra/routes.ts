import type { Synthesized } from './synthesized.ts';

/** The routes of operations and their functions, written out. */
export const operationRoutes = {
  'POST /2.0/admin/jwt': 'admin-jwt-post',
  'POST /2.0/auth/init': 'auth-init-post',
  'POST /2.0/auth/jwt': 'auth-jwt-post',
  'POST /2.0/auth/token/access': 'auth-token-access-post',
  'GET /2.0/auth/token/code': 'auth-token-code-get',
  'POST /2.0/auth/token/code': 'auth-token-code-get',
  'DELETE /2.0/auth/token': 'auth-token-delete',
  'GET /2.0/certificate/{type}': 'certificate-type-get',
  'DELETE /2.0/hash': 'hash-delete',
  'GET /2.0/users/{id_user}': 'users-id-user-get',
  'DELETE /2.0/users/{id_user}': 'users-id-user-delete',
  'POST /2.0/users/{id_user}/token': 'users-id-user-token-post',
  'GET /2.0/webauth': 'webauth-get',
  'GET /2.0/webauth/callback': 'webauth-callback-get',
};

const pageRoutes = {
  'GET /docs': 'api-page-get',
  'GET /docs/scalar.js': 'api-page-get',
  'GET /openapi.json': 'api-page-get',
};

/** The routes of an environment and their functions. */
export const routesOf = ({ settings }: Synthesized): Record<string, string> => ({
  ...operationRoutes,
  ...(settings.apiPage && pageRoutes),
});
