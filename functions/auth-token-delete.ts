import { serve } from '#lib/http/serve.ts';
import { forwardingClient } from '#lib/secrets/upstream.ts';

/** `DELETE /auth/token`. Revokes the token of the request. */
export const handler = serve('auth_token_delete', (call) => forwardingClient(call).authTokenDelete());
