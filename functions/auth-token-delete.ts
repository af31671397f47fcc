import { serve } from '#lib/http/serve.ts';
import { forwardingClient } from '#lib/secrets/upstream.ts';

/** `DELETE /auth/token`: removes the token in use. */
export const handler = serve('auth_token_delete', (call) => forwardingClient(call).authTokenDelete());
