import { env } from '#lib/config/env.ts';
import { GatewayError } from '#lib/errors.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { requireOwnCode } from '#lib/webauth/code-binding.ts';
import { verifyExchangedUser, unifyInvalidCode } from '#lib/partners/exchanged-user.ts';
import { requireRegisteredUri } from '#lib/partners/redirect-uris.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `POST /auth/token/access`. Exchanges a code. The redirect URI that is registered upstream is the gateway's callback. */
export const handler = serve(
  'auth_token_access_post',
  async (call, { code, grant_type, redirect_uri }) => {
    if (!isPartner(call.caller)) throw new GatewayError('unauthorized');
    const { clientId } = call.caller;
    if (redirect_uri !== undefined) await requireRegisteredUri(clientId, redirect_uri);
    const bound = await requireOwnCode(code, clientId);
    const callback = redirect_uri === undefined ? undefined : `${env.gatewayUrl()}/webauth/callback`;
    const exchanged = await unifyInvalidCode(
      callUpstream(call, (budgea, { client_id = '', client_secret = '' }) =>
        budgea.authTokenAccessPost(client_id, client_secret, code, { grant_type, redirect_uri: callback }),
      ),
    );
    await verifyExchangedUser(call, { partner: clientId, bound, token: exchanged.access_token });
    return exchanged;
  },
  authenticatePartner,
);
