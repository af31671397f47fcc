import { AuthenticationApi, Configuration, send, type Send } from '#lib/budgea/authentication-api.ts';
import type { OperationId } from '#lib/operations/table.ts';

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
  /** Told of each operation that was answered, and not refused. */
  answered: (operation: OperationId, status: number) => void;
  signal: AbortSignal;
}

/** Makes each of the twelve operations once, with the project's own client. Throws what the client throws. */
export async function callEverything(caller: Caller): Promise<void> {
  const { basePath, partner, redirectUri, certificateType, answered, signal } = caller;
  const { client_id, client_secret } = partner;
  const telling: Send = async (request, ...rest) => {
    const answer = await send(request, ...rest);
    if (answer.status < 400) answered(request.operation, answer.status);
    return answer;
  };
  const as = (apiKey?: string) => new AuthenticationApi(new Configuration({ basePath, apiKey, signal }), telling);
  const anyone = as();
  const manager = as(client_secret);

  const { auth_token, id_user } = await anyone.authInitPost({ ...partner });
  if (typeof id_user !== 'number') throw new Error('auth_init_post does not say whom it created');
  await manager.usersIdUserGet(id_user);
  await manager.usersIdUserTokenPost(id_user, 'sharedAccess');
  await anyone.authJwtPost({ ...partner, id_user });
  await manager.adminJwtPost({ scope: 'config', duration: 5 });
  await manager.certificateTypeGet(certificateType);

  const { code } = await as(auth_token).authTokenCodeGet();
  const { access_token } = await anyone.authTokenAccessPost(client_id, client_secret, code);
  const state = 'as it was sent';
  const bank = await anyone.webauthGet({ client_id, redirect_uri: redirectUri, state });
  await comeHome(caller, bank, state);

  await as(access_token).hashDelete();
  await as(auth_token).authTokenDelete();
  await manager.usersIdUserDelete(id_user);
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
    throw new Error(`the callback answers ${answer.status} and does not send the browser home`);
  }
  answered('webauth_callback_get', answer.status);
}
