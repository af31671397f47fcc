import type { MediaType, Result } from './wire.ts';

/** A client application's id and secret; against a gateway, the partner's id and key. */
export interface ClientCredentials {
  client_id: number | string;
  client_secret: string;
}

/** What can be said about one call, whatever the operation. */
export interface CallOptions {
  /** Writes the body in this media type; by default the one that the specification names for the operation. */
  mediaType?: MediaType;
  /** Ends the call early; the configured total time ends it anyway. */
  signal?: AbortSignal;
}

/** A manage JWT's scope and its life in minutes, 0 for ever; by default `config` and 1 minute. */
export interface AdminJwtPostOptions {
  scope?: string;
  duration?: number;
}

/** Without `id_user` a user is created; `expire: false` makes a permanent token. */
export interface AuthJwtPostOptions extends Partial<ClientCredentials> {
  scope?: string;
  id_user?: number | string;
  expire?: boolean;
}

/** The grant type is `authorization_code`, and is so by default; `redirect_uri` is the one that the code was sent to. */
export interface AuthTokenAccessPostOptions {
  grant_type?: string;
  redirect_uri?: string;
}

/** A `singleAccess` code works once. */
export interface AuthTokenCodeGetOptions {
  type?: 'requestAccess' | 'singleAccess';
}

/** Which related resources to answer with. */
export interface ExpandOptions {
  expand?: string;
}

/** What the browser is sent for; `token` is a temporary code of the user, and this call spends it. */
export interface WebauthGetOptions {
  id_connector?: number | string;
  connector_uuid?: string;
  client_id?: number | string;
  redirect_uri?: string;
  state?: string;
  fields?: string;
  id_connection?: number | string;
  id_transfer?: number | string;
  source?: string;
  token?: string;
}

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
