import type { Operation } from './operation.ts';
import { adminJwtPost } from './operations/admin-jwt-post.ts';
import { authInitPost } from './operations/auth-init-post.ts';
import { authJwtPost } from './operations/auth-jwt-post.ts';
import { authTokenAccessPost } from './operations/auth-token-access-post.ts';
import { authTokenCodeGet } from './operations/auth-token-code-get.ts';
import { authTokenDelete } from './operations/auth-token-delete.ts';
import { certificateTypeGet } from './operations/certificate-type-get.ts';
import { hashDelete } from './operations/hash-delete.ts';
import { usersIdUserDelete } from './operations/users-id-user-delete.ts';
import { usersIdUserGet } from './operations/users-id-user-get.ts';
import { usersIdUserTokenPost } from './operations/users-id-user-token-post.ts';
import { webauthGet } from './operations/webauth-get.ts';

/** Where an operation is found; `:name` is a part of the path. */
export interface OperationRow {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  run: Operation;
}

/** The twelve operations. */
export const OPERATIONS: readonly OperationRow[] = [
  { method: 'POST', path: '/admin/jwt', run: adminJwtPost },
  { method: 'POST', path: '/auth/init', run: authInitPost },
  { method: 'POST', path: '/auth/jwt', run: authJwtPost },
  { method: 'POST', path: '/auth/token/access', run: authTokenAccessPost },
  { method: 'GET', path: '/auth/token/code', run: authTokenCodeGet },
  { method: 'DELETE', path: '/auth/token', run: authTokenDelete },
  { method: 'GET', path: '/certificate/:type', run: certificateTypeGet },
  { method: 'DELETE', path: '/hash', run: hashDelete },
  { method: 'GET', path: '/users/:id_user', run: usersIdUserGet },
  { method: 'DELETE', path: '/users/:id_user', run: usersIdUserDelete },
  { method: 'POST', path: '/users/:id_user/token', run: usersIdUserTokenPost },
  { method: 'GET', path: '/webauth', run: webauthGet },
];
