import { env } from '#lib/config/env.ts';
import { GatewayError } from '#lib/errors.ts';
import { Redirect, serve } from '#lib/http/serve.ts';
import type { Input } from '#lib/operations/table.ts';
import { requireOwnCode } from '#lib/webauth/code-binding.ts';
import { requireRegisteredUri } from '#lib/partners/redirect-uris.ts';
import { callUpstream, contractClientId } from '#lib/secrets/signing.ts';
import { seal } from '#lib/webauth/state.ts';

/** `GET /webauth`: sends the browser to the bank; where it goes afterwards travels sealed in the state. */
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

/** A connection or a transfer belongs to a user, whom the token proves. Throws GatewayError `missingParameter` without one. */
function requireToken({ token, id_connection, id_transfer }: Partial<Input<'webauth_get'>>): void {
  if (token !== undefined || (id_connection ?? id_transfer) === undefined) return;
  throw new GatewayError('missingParameter', {
    description: 'token is missing: id_connection and id_transfer need a code of their user.',
  });
}

/** A browser is sent to https alone, or to upstream's own scheme: a sandbox on loopback has http. */
function checkedAddress(address: string): string {
  const { protocol } = new URL(address);
  if (protocol === 'https:' || (protocol === 'http:' && protocol === new URL(env.budgeaUrl()).protocol)) return address;
  throw new GatewayError('badGateway', { detail: 'upstream redirects to something else than https' });
}
