import type { Result } from './wire.ts';
import type { MediaType } from './specification.ts';

/** A client application's id and secret or, at a gateway, the partner's client id and key. */
export interface ClientCredentials {
  client_id: number | string;
  client_secret: string;
}

/** The options of a call of any operation. */
export interface CallOptions {
  /** The media type of the body. Default: the operation's media type in the specification. */
  mediaType?: MediaType;
  /** Aborts the call. `timeouts.total` still applies. */
  signal?: AbortSignal;
}

/** The options of `adminJwtPost`. */
export interface AdminJwtPostOptions {
  /** Default: `config`. */
  scope?: string;
  /** The lifetime in minutes; 0 for a JWT that does not expire. Default: 1. */
  duration?: number;
}

/** The options of `authJwtPost`. */
export interface AuthJwtPostOptions extends Partial<ClientCredentials> {
  scope?: string;
  /** Default: a new user. */
  id_user?: number | string;
  /** `false` creates a JWT that does not expire. */
  expire?: boolean;
}

/** The options of `authTokenAccessPost`. */
export interface AuthTokenAccessPostOptions {
  /** Must be `authorization_code`, the default. */
  grant_type?: string;
  /** The redirect URI that received the code. */
  redirect_uri?: string;
}

/** The options of `authTokenCodeGet`. */
export interface AuthTokenCodeGetOptions {
  /** A `singleAccess` code can be used once. */
  type?: 'requestAccess' | 'singleAccess';
}

/** The related resources to include in the response, separated by commas. */
export interface ExpandOptions {
  expand?: string;
}

/** The options of `webauthGet`. `token` is a temporary code of the user, which the call spends. */
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

// The results of the operations. Fields that Budgea adds have the type `unknown`.

/** A signed token and its decoded claims. */
export interface Jwt extends Result<'auth_jwt_post'> {}

/** A new user's token. A `temporary` token expires after `expires_in` seconds. */
export interface NewUser extends Result<'auth_init_post'> {}

/** A permanent token of the code's user. */
export interface AccessToken extends Result<'auth_token_access_post'> {}

/** A code that is valid for `expires_in` seconds and allows another device to act for the user. */
export interface TemporaryCode extends Result<'auth_token_code_get'> {}

/** The latest certificate of a type. */
export interface Certificate extends Result<'certificate_type_get'> {}

/** One user; `signin` is `YYYY-MM-DD HH:MM:SS` in UTC. */
export interface User extends Exclude<Result<'users_id_user_get'>, { users: unknown }> {}

/** All users. */
export interface Users extends Extract<Result<'users_id_user_get'>, { users: unknown }> {}

/** A new token of the user. */
export interface UserToken extends Result<'users_id_user_token_post'> {}
