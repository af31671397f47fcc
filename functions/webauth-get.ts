import { env } from '#lib/config/env.ts';
import { GatewayError } from '#lib/errors.ts';
import { Redirect, serve } from '#lib/http/serve.ts';
import type { Input } from '#lib/operations/table.ts';
import { requireOwnCode } from '#lib/webauth/code-binding.ts';
import { requireRegisteredUri } from '#lib/partners/redirect-uris.ts';
import { callUpstream, contractClientId } from '#lib/secrets/signing.ts';
import { seal } from '#lib/webauth/state.ts';

/** `GET /webauth`. Redirects the browser to the bank. The partner's redirect URI is sealed in the state. */
export const handler = serve('webauth_get', async (call, { client_id: partner, redirect_uri, state, ...options }) => {
  call.log.partner = partner;
  requireToken(options);
  await requireRegisteredUri(partner, redirect_uri);
  if (options.token !== undefined) await requireOwnCode(options.token, partner);
  const client_id = await contractClientId();
  const sealed = await seal({ partner, redirectUri: redirect_uri, state });
  const callback = `${env.gatewayUrl()}/webauth/callback`;
  const address = await callUpstream(call, (budgea) =>
    budgea.webauthGet({ ...options, client_id, redirect_uri: callback, state: sealed }),
  );
  return new Redirect(checkedAddress(address));
});

/** Throws GatewayError `missingParameter` when a connection or a transfer is requested without the token of its user. */
function requireToken({ token, id_connection, id_transfer }: Partial<Input<'webauth_get'>>): void {
  if (token !== undefined || (id_connection ?? id_transfer) === undefined) return;
  throw new GatewayError('missingParameter', {
    description: 'token is missing: id_connection and id_transfer require a code of their user.',
  });
}

/** Returns the address if its scheme is https, or upstream's own scheme: the sandbox uses http. Throws GatewayError `badGateway` otherwise. */
function checkedAddress(address: string): string {
  const { protocol } = new URL(address);
  if (protocol === 'https:' || (protocol === 'http:' && protocol === new URL(env.budgeaUrl()).protocol)) return address;
  throw new GatewayError('badGateway', { detail: 'upstream redirects to an address that is not https' });
}
