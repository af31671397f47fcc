import { AuthenticationApi, Configuration } from '../lib/budgea/authentication-api.ts';
import type { OperationId } from '../lib/budgea/specification.ts';

/** A partner, as the command line makes it. */
export interface Partner {
  client_id: string;
  client_secret: string;
}

/** What the calls are made with. */
export interface Caller {
  /** Where the deployed API answers, `/2.0` included. */
  basePath: string;
  /** The callback's address as Budgea knows it. */
  callbackUrl: string;
  /** With the grant for POST /admin/jwt, and the redirect URI. */
  partner: Partner;
  redirectUri: string;
  certificateType: string;
  /** Told of each operation that was answered as it should be. */
  answered: (operation: OperationId | 'webauth_callback_get') => void;
  signal: AbortSignal;
}

/** Makes each of the twelve operations once, with the project's own client. Throws what the client throws. */
export async function callEverything(caller: Caller): Promise<void> {
  const { basePath, partner, redirectUri, certificateType, answered, signal } = caller;
  const { client_id, client_secret } = partner;
  const as = (apiKey?: string) => new AuthenticationApi(new Configuration({ basePath, apiKey, signal }));
  const anyone = as();
  const manager = as(client_secret);

  async function done<T>(operation: OperationId, call: Promise<T>): Promise<T> {
    const answer = await call;
    answered(operation);
    return answer;
  }

  const { auth_token: first, id_user } = await done('auth_init_post', anyone.authInitPost({ ...partner }));
  if (typeof id_user !== 'number') throw new Error('auth_init_post does not say whom it created');
  await done('users_id_user_get', manager.usersIdUserGet(id_user));
  await done('users_id_user_token_post', manager.usersIdUserTokenPost(id_user, 'sharedAccess'));
  await done('auth_jwt_post', anyone.authJwtPost({ ...partner, id_user }));
  await done('admin_jwt_post', manager.adminJwtPost({ scope: 'config', duration: 5 }));
  await done('certificate_type_get', manager.certificateTypeGet(certificateType));

  const { code } = await done('auth_token_code_get', as(first).authTokenCodeGet());
  const exchanged = await done('auth_token_access_post', anyone.authTokenAccessPost(client_id, client_secret, code));
  const state = 'as it was sent';
  const bank = await done('webauth_get', anyone.webauthGet({ client_id, redirect_uri: redirectUri, state }));
  await comeHome(caller, bank, state);

  await done('hash_delete', as(exchanged.access_token).hashDelete());
  await done('auth_token_delete', as(first).authTokenDelete());
  await done('users_id_user_delete', manager.usersIdUserDelete(id_user));
}

/** A browser at the bank: approves there, and follows the gateway's callback home. */
async function comeHome(caller: Caller, bank: string, state: string): Promise<void> {
  const { basePath, callbackUrl, redirectUri, answered, signal } = caller;
  const body = new URLSearchParams({ decision: 'approve' });
  const sent = await fetch(bank, { method: 'POST', body, redirect: 'manual', signal });
  const back = sent.headers.get('location') ?? '';
  if (!back.startsWith(`${callbackUrl}?`)) throw new Error('the bank does not send the browser to the callback');
  // The name is AWS's: on this machine, the emulator answers for it.
  const answer = await fetch(`${basePath}/webauth/callback${new URL(back).search}`, { redirect: 'manual', signal });
  const home = URL.parse(answer.headers.get('location') ?? '');
  if (home === null || home.origin + home.pathname !== redirectUri || home.searchParams.get('state') !== state) {
    throw new Error(`the callback answers ${answer.status} and sends the browser to ${home?.origin}`);
  }
  answered('webauth_callback_get');
}
