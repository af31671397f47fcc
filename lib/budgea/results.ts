import type { Result } from './response.ts';

// What the operations give. Fields that Budgea adds are there too, as unknown.

/** A signed token and, decoded, what it says. */
export interface Jwt extends Result<'auth_jwt_post'> {}

/** A new user's token, `permanent` or `temporary`; then it lives `expires_in` seconds. */
export interface NewUser extends Result<'auth_init_post'> {}

/** A permanent token of the user that the code stood for. */
export interface AccessToken extends Result<'auth_token_access_post'> {}

/** A code that lets another device in as the user, for `expires_in` seconds. */
export interface TemporaryCode extends Result<'auth_token_code_get'> {}

/** The latest certificate of a type. */
export interface Certificate extends Result<'certificate_type_get'> {}

/** One user; `signin` is `YYYY-MM-DD HH:MM:SS` in UTC. */
export interface User extends Exclude<Result<'users_id_user_get'>, { users: unknown }> {}

/** Everyone. */
export interface Users extends Extract<Result<'users_id_user_get'>, { users: unknown }> {}

/** A new token of the user. */
export interface UserToken extends Result<'users_id_user_token_post'> {}
