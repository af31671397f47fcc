import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import type { DemoPartner } from '../demo-partners.ts';

/** A user of the application, as its server stores it. */
export interface User {
  id: number;
  token: string;
}

/** The result of a visit to the bank, without secrets. */
export type Outcome =
  | { result: 'connected'; connection: string; user: number; isNew: boolean }
  | { result: 'refused' }
  /** The bank or the API failed. */
  | { result: 'error'; error: string }
  /** The person approved, and the application failed afterwards. */
  | { result: 'unfinished'; reason: string };

/** The application's configuration at the gateway. */
export interface AppConfig extends DemoPartner {
  gateway: string;
  redirectUri: string;
}

/**
 * Handles the parameters of the redirect, whose `state` is verified: exchanges the code of a new user for a token and reads the user. An
 * existing user has no code.
 */
export async function handleRedirect(
  parameters: Readonly<Record<string, unknown>>,
  config: AppConfig,
  existing: User | undefined,
): Promise<{ outcome: Outcome; user: User | undefined }> {
  const [code, connection, error] = ['code', 'id_connection', 'error'].map((name) => textOf(parameters[name]));
  if (error === 'access_denied') return { outcome: { result: 'refused' }, user: existing };
  if (error !== undefined) return { outcome: { result: 'error', error }, user: existing };
  try {
    const user = code === undefined ? existing : await exchange(code, config);
    if (user === undefined || connection === undefined) return unfinished('the redirect has too few parameters');
    const outcome: Outcome = { result: 'connected', connection, user: user.id, isNew: code !== undefined };
    return { outcome, user };
  } catch (cause) {
    if (cause instanceof ApiError || cause instanceof TransportError) return unfinished(cause.message);
    throw cause;
  }

  function unfinished(reason: string): { outcome: Outcome; user: User | undefined } {
    return { outcome: { result: 'unfinished', reason }, user: existing };
  }
}

/** Returns a code that connects a bank to an existing user; undefined when the user was deleted. Throws ApiError and TransportError. */
export async function codeFor({ token }: User, gateway: string): Promise<string | undefined> {
  try {
    return (await clientOf(token, gateway).authTokenCodeGet()).code;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

async function exchange(code: string, { gateway, redirectUri, client_id, client_secret }: AppConfig): Promise<User> {
  const api = new AuthenticationApi(new Configuration({ basePath: gateway }));
  const { access_token: token } = await api.authTokenAccessPost(client_id, client_secret, code, {
    redirect_uri: redirectUri,
  });
  const { id } = await clientOf(token, gateway).usersIdUserGet('me');
  return { id, token };
}

function clientOf(token: string, basePath: string): AuthenticationApi {
  return new AuthenticationApi(new Configuration({ basePath, apiKey: token, apiKeyPrefix: 'Bearer' }));
}

/** Ignores a repeated parameter. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
