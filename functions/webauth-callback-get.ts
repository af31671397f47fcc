import { Redirect, serve } from '#lib/http/serve.ts';
import { bindCode } from '#lib/webauth/code-binding.ts';
import { requireRegisteredUri } from '#lib/partners/redirect-uris.ts';
import { open } from '#lib/webauth/state.ts';

/** `GET /webauth/callback`: opens the seal and sends the browser home with what upstream said, and the caller's own state. */
export const handler = serve('webauth_callback_get', async (call, { state: sealed, ...answered }) => {
  const { partner, redirectUri, state } = await open(sealed);
  call.log.partner = partner;
  await requireRegisteredUri(partner, redirectUri);
  if (answered.code !== undefined) await bindCode(answered.code, partner);
  const home = new URLSearchParams(answered);
  if (state !== undefined) home.set('state', state);
  return new Redirect(home.size === 0 ? redirectUri : `${redirectUri}?${home.toString()}`);
});
