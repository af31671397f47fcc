import { ApiError, AuthenticationApi, Configuration, TransportError } from '../../lib/budgea/authentication-api.ts';
import type { DemoPartner } from '../demo-partners.ts';

/** What the gateway's redirect home can carry. */
export interface Answered {
  state?: string;
  code?: string;
  id_connection?: string;
  error?: string;
  error_description?: string;
}

/** What became of a visit, without anything secret. */
export type Outcome =
  | { result: 'connected'; connection: string; user: number }
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

/** Takes up what came home with a state that was compared: exchanges the code for the user's token and asks whose it is. */
export async function takeHome(answered: Answered, own: OwnSide): Promise<Outcome> {
  const { code, id_connection = '', error } = answered;
  if (error === 'access_denied') return { result: 'refused' };
  if (error !== undefined) return { result: 'error', error };
  if (code === undefined) return { result: 'unfinished', because: 'the redirect carried neither a code nor an error' };
  try {
    return { result: 'connected', connection: id_connection, user: await userOf(code, own) };
  } catch (cause) {
    if (!(cause instanceof ApiError || cause instanceof TransportError)) throw cause;
    return { result: 'unfinished', because: cause.message };
  }
}

async function userOf(code: string, { gateway, redirectUri, client_id, client_secret }: OwnSide): Promise<number> {
  const api = new AuthenticationApi(new Configuration({ basePath: gateway }));
  const { access_token } = await api.authTokenAccessPost(client_id, client_secret, code, { redirect_uri: redirectUri });
  const user = new AuthenticationApi(
    new Configuration({ basePath: gateway, apiKey: access_token, apiKeyPrefix: 'Bearer' }),
  );
  const { id } = await user.usersIdUserGet('me');
  return id;
}
