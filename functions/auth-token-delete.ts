import { serve } from '#lib/http/serve.ts';
import { forwarding } from '#lib/http/upstream.ts';

/** `DELETE /auth/token`: removes the token in use. */
export const handler = serve('auth_token_delete', (call) => forwarding(call).authTokenDelete());
