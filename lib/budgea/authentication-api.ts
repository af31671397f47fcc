import { Configuration } from './configuration.ts';
import { TransportError } from './errors.ts';
import type { Fields, MediaType } from './media.ts';
import { withRepeat } from './repeat.ts';
import { buildRequest } from './request.ts';
import { readResponse, type Result } from './response.ts';
import { send, type Send } from './send.ts';
import type { OperationId } from './specification.ts';

export { Configuration, type ConfigurationOptions, type Timeouts } from './configuration.ts';
export { ApiError, TransportError, type TransportFailure } from './errors.ts';
export type { MediaType } from './media.ts';

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

/** Options of {@link AuthenticationApi.adminJwtPost}: `duration` is in minutes, 0 for never; by default scope `config` and 1 minute. */
export interface AdminJwtPostOptions {
  scope?: string;
  duration?: number;
}

/** Options of {@link AuthenticationApi.authJwtPost}: without `id_user` a user is created; `expire: false` makes a permanent token. */
export interface AuthJwtPostOptions extends Partial<ClientCredentials> {
  scope?: string;
  id_user?: number | string;
  expire?: boolean;
}

/** Options of {@link AuthenticationApi.authTokenAccessPost}. */
export interface AuthTokenAccessPostOptions {
  grant_type?: string;
  redirect_uri?: string;
}

/** Options of {@link AuthenticationApi.authTokenCodeGet}: a `singleAccess` code works once. */
export interface AuthTokenCodeGetOptions {
  type?: 'requestAccess' | 'singleAccess';
}

/** Options of the operations that can answer with related resources inside. */
export interface ExpandOptions {
  expand?: string;
}

/** Options of {@link AuthenticationApi.webauthGet}; `token` is a temporary code of the user. */
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

/**
 * The authentication operations of the Budgea / Powens API, against any Budgea domain, a gateway or a sandbox. Every method rejects with
 * {@link ApiError} when the API answers with a refusal and with {@link TransportError} when there is no usable answer. Reads and deletes are
 * repeated once after a failure; nothing that creates a user, mints a token or spends a code is ever sent twice once it may have arrived.
 *
 * In the examples, `api` was made like this, `client_id` and `client_secret` are the application's, `user` and `manager` are such clients
 * with a user's token and a manager's key, and `redirect_uri` is a registered one:
 *
 * ```ts
 * const api = new AuthenticationApi(new Configuration({ basePath: 'https://demo.biapi.pro/2.0' }));
 * ```
 */
export class AuthenticationApi {
  readonly #configuration: Configuration;
  readonly #send: Send;

  /** `sender` makes one attempt over the wire; the default is HTTP. */
  constructor(configuration: Configuration = new Configuration(), sender: Send = send) {
    this.#configuration = configuration;
    this.#send = sender;
  }

  /**
   * Generates a manage JWT; needs an admin manage token, or against a gateway a key with the grant.
   *
   * @example
   * const { jwt_token, payload } = await manager.adminJwtPost({ scope: 'config', duration: 5 });
   */
  adminJwtPost(opts: AdminJwtPostOptions = {}, call?: CallOptions): Promise<Result<'admin_jwt_post'>> {
    return this.#call('admin_jwt_post', {}, { ...opts }, call);
  }

  /**
   * Creates a user: a temporary one (30 minutes) without credentials, a permanent one with client credentials or a manage token.
   *
   * @example
   * const { auth_token, id_user } = await api.authInitPost({ client_id, client_secret });
   */
  authInitPost(opts: Partial<ClientCredentials> = {}, call?: CallOptions): Promise<Result<'auth_init_post'>> {
    return this.#call('auth_init_post', {}, { ...opts }, call);
  }

  /**
   * Generates a user's JWT; without `id_user`, for a new user.
   *
   * @example
   * const { jwt_token, payload } = await api.authJwtPost({ client_id, client_secret });
   */
  authJwtPost(opts: AuthJwtPostOptions = {}, call?: CallOptions): Promise<Result<'auth_jwt_post'>> {
    return this.#call('auth_jwt_post', {}, { ...opts }, call);
  }

  /**
   * Exchanges a temporary code for a permanent access token.
   *
   * @example
   * const { code } = await user.authTokenCodeGet();
   * const { access_token } = await api.authTokenAccessPost(client_id, client_secret, code);
   */
  authTokenAccessPost(
    client_id: number | string,
    client_secret: string,
    code: string,
    opts: AuthTokenAccessPostOptions = {},
    call?: CallOptions,
  ): Promise<Result<'auth_token_access_post'>> {
    return this.#call('auth_token_access_post', {}, { client_id, client_secret, code, ...opts }, call);
  }

  /**
   * Generates a temporary code (30 minutes) for the token's user, to let another device or a browser in.
   *
   * @example
   * const { code, expires_in } = await user.authTokenCodeGet({ type: 'singleAccess' });
   */
  authTokenCodeGet(opts: AuthTokenCodeGetOptions = {}, call?: CallOptions): Promise<Result<'auth_token_code_get'>> {
    return this.#call('auth_token_code_get', {}, { ...opts }, call);
  }

  /**
   * Removes the token in use.
   *
   * @example
   * await user.authTokenDelete();
   */
  authTokenDelete(call?: CallOptions): Promise<void> {
    return this.#call('auth_token_delete', {}, {}, call);
  }

  /**
   * Gets the latest certificate of a type.
   *
   * @example
   * const { id, created } = await manager.certificateTypeGet(certificate_type);
   */
  certificateTypeGet(
    type: string,
    opts: ExpandOptions = {},
    call?: CallOptions,
  ): Promise<Result<'certificate_type_get'>> {
    return this.#call('certificate_type_get', { type }, { ...opts }, call);
  }

  /**
   * Deletes all connections of the token's user.
   *
   * @example
   * await user.hashDelete();
   */
  hashDelete(call?: CallOptions): Promise<void> {
    return this.#call('hash_delete', {}, {}, call);
  }

  /**
   * Deletes a user; `id_user` is an id or `me`. Gives the user when the API answers with it.
   *
   * @example
   * await user.usersIdUserDelete('me');
   */
  usersIdUserDelete(
    id_user: number | string,
    opts: ExpandOptions = {},
    call?: CallOptions,
  ): Promise<Result<'users_id_user_delete'>> {
    return this.#call('users_id_user_delete', { id_user: String(id_user) }, { ...opts }, call);
  }

  /**
   * Gets a user; `id_user` is an id, `me`, or `all` for `{ users }`.
   *
   * @example
   * const me = await user.usersIdUserGet('me');
   */
  usersIdUserGet(
    id_user: number | string,
    opts: ExpandOptions = {},
    call?: CallOptions,
  ): Promise<Result<'users_id_user_get'>> {
    return this.#call('users_id_user_get', { id_user: String(id_user) }, { ...opts }, call);
  }

  /**
   * Creates a token of a user for an application.
   *
   * @example
   * const { token } = await user.usersIdUserTokenPost('me', 'sharedAccess');
   */
  usersIdUserTokenPost(
    id_user: number | string,
    application: string,
    call?: CallOptions,
  ): Promise<Result<'users_id_user_token_post'>> {
    return this.#call('users_id_user_token_post', { id_user: String(id_user) }, { application }, call);
  }

  /**
   * Begins adding a connection in a browser; gives the address to send the browser to, and does not follow it.
   *
   * @example
   * const address = await api.webauthGet({ client_id, redirect_uri, id_connector: 40, state: 'mine' });
   */
  async webauthGet(opts: WebauthGetOptions = {}, call?: CallOptions): Promise<string> {
    const location = await this.#call('webauth_get', {}, { ...opts }, call);
    const base = `${this.#configuration.basePath}/webauth`;
    if (URL.canParse(location, base)) return new URL(location, base).href;
    throw new TransportError('malformed', 'webauth_get answered with a redirect to nowhere', { sent: true });
  }

  async #call<Id extends OperationId>(
    operation: Id,
    parameters: Readonly<Record<string, string>>,
    fields: Fields,
    { mediaType, signal }: CallOptions = {},
  ): Promise<Result<Id>> {
    const request = buildRequest(operation, parameters, fields, mediaType);
    const total = AbortSignal.timeout(this.#configuration.timeouts.total);
    const either = signal === undefined ? total : AbortSignal.any([signal, total]);
    const response = await withRepeat(request, () => this.#send(request, this.#configuration, either));
    return readResponse(operation, response);
  }
}
