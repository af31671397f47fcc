import { serve } from '#lib/http/serve.ts';
import { forwardingClient } from '#lib/secrets/upstream.ts';

/** `GET /auth/token/code`. Returns a temporary code of the token's user. */
export const handler = serve('auth_token_code_get', (call, { type }) =>
  forwardingClient(call).authTokenCodeGet({ type }),
);
