import { Redirect, serve } from '#lib/http/serve.ts';
import { bindCode } from '#lib/webauth/code-binding.ts';
import { requireRegisteredUri } from '#lib/partners/redirect-uris.ts';
import { open } from '#lib/webauth/state.ts';

/** `GET /webauth/callback`. Opens the sealed state and redirects the browser to the partner with upstream's result and the partner's own state. */
export const handler = serve('webauth_callback_get', async (call, { state: sealed, ...result }) => {
  const { partner, redirectUri, state } = await open(sealed);
  call.log.partner = partner;
  await requireRegisteredUri(partner, redirectUri);
  if (result.code !== undefined) await bindCode(result.code, partner);
  const query = new URLSearchParams(result);
  if (state !== undefined) query.set('state', state);
  return new Redirect(query.size === 0 ? redirectUri : `${redirectUri}?${query.toString()}`);
});
