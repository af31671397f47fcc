import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import type { DemoPartner } from '../demo-partners.ts';

/** One of the application's users, as its back end knows it. */
export interface User {
  id: number;
  token: string;
}

/** What became of a visit to the bank, without anything secret. */
export type Outcome =
  | { result: 'connected'; connection: string; user: number; isNew: boolean }
  | { result: 'refused' }
  /** The bank or the API could not do it. */
  | { result: 'error'; error: string }
  /** The person said yes, and the application could not finish. */
  | { result: 'unfinished'; because: string };

/** The application's own side of the gateway. */
export interface OwnSide extends DemoPartner {
  gateway: string;
  redirectUri: string;
}

/**
 * Takes up what the redirect home carries, its state compared already: exchanges the code of a new user for a token and asks whose it is; a user who
 * was known before comes without a code.
 */
export async function takeHome(
  carried: Readonly<Record<string, unknown>>,
  own: OwnSide,
  known: User | undefined,
): Promise<{ outcome: Outcome; user: User | undefined }> {
  const [code, connection, error] = ['code', 'id_connection', 'error'].map((name) => textOf(carried[name]));
  if (error === 'access_denied') return { outcome: { result: 'refused' }, user: known };
  if (error !== undefined) return { outcome: { result: 'error', error }, user: known };
  try {
    const user = code === undefined ? known : await exchange(code, own);
    if (user === undefined || connection === undefined) return unfinished('the redirect home carried too little');
    const outcome: Outcome = { result: 'connected', connection, user: user.id, isNew: code !== undefined };
    return { outcome, user };
  } catch (cause) {
    if (cause instanceof ApiError || cause instanceof TransportError) return unfinished(cause.message);
    throw cause;
  }

  function unfinished(because: string): { outcome: Outcome; user: User | undefined } {
    return { outcome: { result: 'unfinished', because }, user: known };
  }
}

/** A code with which the browser connects a bank to a user who is known already; undefined when that user is no more. Throws ApiError and TransportError. */
export async function codeFor({ token }: User, gateway: string): Promise<string | undefined> {
  try {
    return (await as(token, gateway).authTokenCodeGet()).code;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

async function exchange(code: string, { gateway, redirectUri, client_id, client_secret }: OwnSide): Promise<User> {
  const api = new AuthenticationApi(new Configuration({ basePath: gateway }));
  const { access_token: token } = await api.authTokenAccessPost(client_id, client_secret, code, {
    redirect_uri: redirectUri,
  });
  const { id } = await as(token, gateway).usersIdUserGet('me');
  return { id, token };
}

function as(token: string, basePath: string): AuthenticationApi {
  return new AuthenticationApi(new Configuration({ basePath, apiKey: token, apiKeyPrefix: 'Bearer' }));
}

/** A name that comes twice is none. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
