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
import { send, type Send, withRepeat } from './send.ts';
import type { OperationId } from './specification.ts';

export { Configuration, type ConfigurationOptions, type Timeouts } from './configuration.ts';
export { ApiError, TransportError, type TransportFailure } from './errors.ts';
export type { MediaType } from './wire.ts';
export type * from './types.ts';
export type * from './types.ts';
export { send, type Send } from './send.ts';

/**
 * The authentication operations of the Budgea / Powens API, against any Budgea domain, a gateway or a sandbox. Every method rejects with
 * {@link ApiError} when the API answers with a refusal and with {@link TransportError} when there is no usable answer. Reads and deletes are
 * repeated once after a failure; nothing that creates a user, mints a token or spends a code is ever sent twice once it may have arrived.
 *
 * In the examples, `api` carries no credential, `user` a user's token and `manager` a manage token or, against a gateway, a partner key.
 * `client_id`, `client_secret`, a registered `redirect_uri` and a `certificate_type` are the application's own.
 *
 * @example
 * const api = new AuthenticationApi(new Configuration({ basePath }));
 * const { auth_token } = await api.authInitPost({ client_id, client_secret });
 * const user = new AuthenticationApi(new Configuration({ basePath, apiKey: auth_token, apiKeyPrefix: 'Bearer' }));
 * try {
 *   const { id } = await user.usersIdUserGet('me');
 * } catch (error) {
 *   if (error instanceof ApiError && error.code === 'invalidToken') console.error('The token is not valid any more.');
 *   else throw error;
 * }
 */
export class AuthenticationApi {
  readonly #configuration: Configuration;
  readonly #send: Send;

  /** `sender` makes one attempt over the wire; the default is {@link send}. */
  constructor(configuration: Configuration = new Configuration(), sender: Send = send) {
    this.#configuration = configuration;
    this.#send = sender;
  }

  /**
   * Generates a manage JWT; needs an admin manage token, or against a gateway a key with the grant.
   *
   * @example
   * const { jwt_token } = await manager.adminJwtPost({ scope: 'users', duration: 60 });
   */
  adminJwtPost(opts: AdminJwtPostOptions = {}, call?: CallOptions): Promise<Jwt> {
    return this.#call('admin_jwt_post', {}, { ...opts }, call);
  }

  /**
   * Creates a user: a temporary one (30 minutes) without credentials, a permanent one with client credentials or a manage token.
   *
   * @example
   * const { auth_token, id_user } = await api.authInitPost({ client_id, client_secret });
   */
  authInitPost(opts: Partial<ClientCredentials> = {}, call?: CallOptions): Promise<NewUser> {
    return this.#call('auth_init_post', {}, { ...opts }, call);
  }

  /**
   * Generates a user's JWT; without `id_user`, for a new user.
   *
   * @example
   * const { id: id_user } = await user.usersIdUserGet('me');
   * const { jwt_token } = await api.authJwtPost({ client_id, client_secret, id_user });
   */
  async authJwtPost(opts: AuthJwtPostOptions = {}, call?: CallOptions): Promise<Jwt> {
    const jwt = await this.#call('auth_jwt_post', {}, { ...opts }, call);
    const answered = jwt.payload?.id_user ?? opts.id_user;
    if (opts.id_user !== undefined && String(answered) !== String(opts.id_user)) throw unexpectedUser('auth_jwt_post');
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
   * Generates a temporary code (30 minutes) for the token's user, to let another device or a browser in.
   *
   * @example
   * const { code, expires_in } = await user.authTokenCodeGet({ type: 'singleAccess' });
   */
  authTokenCodeGet(opts: AuthTokenCodeGetOptions = {}, call?: CallOptions): Promise<TemporaryCode> {
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
  certificateTypeGet(type: string, opts: ExpandOptions = {}, call?: CallOptions): Promise<Certificate> {
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
   * Deletes a user by id or as `me`, or everyone as `all`. Gives what was deleted when the API answers with it.
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
   * Gets a user by id or as `me`, or everyone as `all`.
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
    const found = await this.#call('users_id_user_get', { id_user: String(id_user) }, { ...opts }, call);
    return requireRequestedUser('users_id_user_get', id_user, found);
  }

  /**
   * Creates a permanent token of a user, by id or `me`, for an application.
   *
   * @example
   * const { token } = await user.usersIdUserTokenPost('me', 'sharedAccess');
   */
  usersIdUserTokenPost(id_user: number | string, application: string, call?: CallOptions): Promise<UserToken> {
    return this.#call('users_id_user_token_post', { id_user: String(id_user) }, { application }, call);
  }

  /**
   * Begins adding a connection in a browser; gives the address to send the browser to, and does not follow it.
   *
   * @example
   * const { code: token } = await user.authTokenCodeGet({ type: 'singleAccess' });
   * const address = await api.webauthGet({ client_id, redirect_uri, token, state: 'mine' });
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
    const { timeouts, signal: every } = this.#configuration;
    const end = deadline(timeouts.total, [every, signal]);
    return withRepeat(
      request,
      end.signal,
      () => this.#send(request, this.#configuration, end.signal),
      (response) => readResponse(operation, response),
    ).finally(() => end.release());
  }
}

/** One user for an id or `me`, all users for `all`: anything else is no answer to the question. */
function requireRequestedUser(operation: OperationId, id_user: number | string, answer: User | Users): User | Users {
  const { id } = answer;
  const isAsked = typeof id === 'number' ? id_user === 'me' || String(id) === String(id_user) : id_user === 'all';
  if (isAsked) return answer;
  throw unexpectedUser(operation);
}
