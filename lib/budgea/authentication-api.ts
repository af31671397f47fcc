import { Configuration } from './configuration.ts';
import { deadline } from '../transport/deadline.ts';
import { TransportError, unexpectedUser } from './errors.ts';
import { buildRequest, type Fields, readResponse, type Result } from './wire.ts';
import type {
  AccessToken,
  AdminJwtPostOptions,
  AuthJwtPostOptions,
  AuthTokenAccessPostOptions,
  AuthTokenCodeGetOptions,
  CallOptions,
  Certificate,
  ClientCredentials,
  ExpandOptions,
  Jwt,
  NewUser,
  TemporaryCode,
  User,
  Users,
  UserToken,
  WebauthGetOptions,
} from './types.ts';
import { send, type Send, withRetry } from './send.ts';
import type { OperationId } from './specification.ts';

export { Configuration, type ConfigurationOptions, type Timeouts } from './configuration.ts';
export { ApiError, TransportError, type TransportFailure } from './errors.ts';
export type { MediaType } from './specification.ts';
export type * from './types.ts';
export { send, type Send } from './send.ts';

/**
 * A client for the authentication operations of the Budgea / Powens API, at a Budgea domain, a gateway or a sandbox. Every method rejects with
 * {@link ApiError} when the API returns an error, and with {@link TransportError} when there is no valid response. Reads and deletes are retried once
 * after a failure. A request that creates a user or a token, or spends a code, is never sent again once it may have reached the server.
 *
 * In the examples, `api` has no credential, `user` has a user's token, and `manager` has a manage token or, at a gateway, a partner key. The
 * application supplies `client_id`, `client_secret`, a registered `redirect_uri` and a `certificate_type`.
 *
 * @example
 * const api = new AuthenticationApi(new Configuration({ basePath }));
 * const { auth_token } = await api.authInitPost({ client_id, client_secret });
 * const user = new AuthenticationApi(new Configuration({ basePath, apiKey: auth_token, apiKeyPrefix: 'Bearer' }));
 * try {
 *   const { id } = await user.usersIdUserGet('me');
 * } catch (error) {
 *   if (error instanceof ApiError && error.code === 'invalidToken') console.error('The token is no longer valid.');
 *   else throw error;
 * }
 */
export class AuthenticationApi {
  readonly #configuration: Configuration;
  readonly #send: Send;

  /** `sender` sends a request once. Default: {@link send}. */
  constructor(configuration: Configuration = new Configuration(), sender: Send = send) {
    this.#configuration = configuration;
    this.#send = sender;
  }

  /**
   * Creates a manage JWT. Requires an admin manage token or, at a gateway, a partner key with the grant.
   *
   * @example
   * const { jwt_token } = await manager.adminJwtPost({ scope: 'users', duration: 60 });
   */
  adminJwtPost(opts: AdminJwtPostOptions = {}, call?: CallOptions): Promise<Jwt> {
    return this.#call('admin_jwt_post', {}, { ...opts }, call);
  }

  /**
   * Creates a user: a permanent one with client credentials or a manage token, a temporary one (30 minutes) without credentials.
   *
   * @example
   * const { auth_token, id_user } = await api.authInitPost({ client_id, client_secret });
   */
  authInitPost(opts: Partial<ClientCredentials> = {}, call?: CallOptions): Promise<NewUser> {
    return this.#call('auth_init_post', {}, { ...opts }, call);
  }

  /**
   * Creates a JWT for a user, or for a new user if `id_user` is absent.
   *
   * @example
   * const { id: id_user } = await user.usersIdUserGet('me');
   * const { jwt_token } = await api.authJwtPost({ client_id, client_secret, id_user });
   */
  async authJwtPost(opts: AuthJwtPostOptions = {}, call?: CallOptions): Promise<Jwt> {
    const jwt = await this.#call('auth_jwt_post', {}, { ...opts }, call);
    const returned = jwt.payload?.id_user ?? opts.id_user;
    if (opts.id_user !== undefined && String(returned) !== String(opts.id_user)) throw unexpectedUser('auth_jwt_post');
    return jwt;
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
  ): Promise<AccessToken> {
    return this.#call('auth_token_access_post', {}, { client_id, client_secret, code, ...opts }, call);
  }

  /**
   * Creates a temporary code (30 minutes) with which a browser or another device acts for the token's user.
   *
   * @example
   * const { code, expires_in } = await user.authTokenCodeGet({ type: 'singleAccess' });
   */
  authTokenCodeGet(opts: AuthTokenCodeGetOptions = {}, call?: CallOptions): Promise<TemporaryCode> {
    return this.#call('auth_token_code_get', {}, { ...opts }, call);
  }

  /**
   * Revokes the configured token.
   *
   * @example
   * await user.authTokenDelete();
   */
  authTokenDelete(call?: CallOptions): Promise<void> {
    return this.#call('auth_token_delete', {}, {}, call);
  }

  /**
   * Returns the latest certificate of a type.
   *
   * @example
   * const { id, created } = await manager.certificateTypeGet(certificate_type);
   */
  certificateTypeGet(type: string, opts: ExpandOptions = {}, call?: CallOptions): Promise<Certificate> {
    return this.#call('certificate_type_get', { type }, { ...opts }, call);
  }

  /**
   * Deletes all bank connections of the token's user.
   *
   * @example
   * await user.hashDelete();
   */
  hashDelete(call?: CallOptions): Promise<void> {
    return this.#call('hash_delete', {}, {}, call);
  }

  /**
   * Deletes a user by id, the token's user (`me`) or all users (`all`). Returns the deleted user or users if the API returns them.
   *
   * @example
   * await user.usersIdUserDelete('me');
   */
  usersIdUserDelete(id_user: number | 'me', opts?: ExpandOptions, call?: CallOptions): Promise<User | undefined>;
  usersIdUserDelete(id_user: 'all', opts?: ExpandOptions, call?: CallOptions): Promise<Users | undefined>;
  usersIdUserDelete(
    id_user: number | string,
    opts?: ExpandOptions,
    call?: CallOptions,
  ): Promise<User | Users | undefined>;
  async usersIdUserDelete(
    id_user: number | string,
    opts: ExpandOptions = {},
    call?: CallOptions,
  ): Promise<Result<'users_id_user_delete'>> {
    const deleted = await this.#call('users_id_user_delete', { id_user: String(id_user) }, { ...opts }, call);
    return deleted && requireRequestedUser('users_id_user_delete', id_user, deleted);
  }

  /**
   * Returns a user by id, the token's user (`me`) or all users (`all`).
   *
   * @example
   * const { id, signin } = await user.usersIdUserGet('me');
   * const { users } = await manager.usersIdUserGet('all');
   */
  usersIdUserGet(id_user: number | 'me', opts?: ExpandOptions, call?: CallOptions): Promise<User>;
  usersIdUserGet(id_user: 'all', opts?: ExpandOptions, call?: CallOptions): Promise<Users>;
  usersIdUserGet(id_user: number | string, opts?: ExpandOptions, call?: CallOptions): Promise<User | Users>;
  async usersIdUserGet(
    id_user: number | string,
    opts: ExpandOptions = {},
    call?: CallOptions,
  ): Promise<Result<'users_id_user_get'>> {
    const returned = await this.#call('users_id_user_get', { id_user: String(id_user) }, { ...opts }, call);
    return requireRequestedUser('users_id_user_get', id_user, returned);
  }

  /**
   * Creates a permanent token for an application of a user, who is named by id or `me`.
   *
   * @example
   * const { token } = await user.usersIdUserTokenPost('me', 'sharedAccess');
   */
  usersIdUserTokenPost(id_user: number | string, application: string, call?: CallOptions): Promise<UserToken> {
    return this.#call('users_id_user_token_post', { id_user: String(id_user) }, { application }, call);
  }

  /**
   * Starts adding a connection. Returns the address to open in the user's browser, without requesting it.
   *
   * @example
   * const { code: token } = await user.authTokenCodeGet({ type: 'singleAccess' });
   * const address = await api.webauthGet({ client_id, redirect_uri, token, state: 'EXAMPLE-STATE' });
   */
  async webauthGet(opts: WebauthGetOptions = {}, call?: CallOptions): Promise<string> {
    const location = await this.#call('webauth_get', {}, { ...opts }, call);
    const base = `${this.#configuration.basePath}/webauth`;
    if (URL.canParse(location, base)) return new URL(location, base).href;
    throw new TransportError('malformed', 'webauth_get returned a redirect without a valid address', { sent: true });
  }

  async #call<Id extends OperationId>(
    operation: Id,
    parameters: Readonly<Record<string, string>>,
    fields: Fields,
    { mediaType, signal }: CallOptions = {},
  ): Promise<Result<Id>> {
    const request = buildRequest(operation, parameters, fields, mediaType);
    const { timeouts, signal: configuredSignal } = this.#configuration;
    const end = deadline(timeouts.total, [configuredSignal, signal]);
    return withRetry(
      request,
      end.signal,
      () => this.#send(request, this.#configuration, end.signal),
      (response) => readResponse(operation, response),
    ).finally(() => end.release());
  }
}

/** Returns the response if it is the requested user, or all users for `all`. Throws TransportError `unexpected-user` otherwise. */
function requireRequestedUser(operation: OperationId, id_user: number | string, returned: User | Users): User | Users {
  const { id } = returned;
  const isRequested = typeof id === 'number' ? id_user === 'me' || String(id) === String(id_user) : id_user === 'all';
  if (isRequested) return returned;
  throw unexpectedUser(operation);
}
