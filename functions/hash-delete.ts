import { serve } from '#lib/http/serve.ts';
import { forwardingClient } from '#lib/secrets/upstream.ts';

/** `DELETE /hash`. Deletes the connections of the token's user. */
export const handler = serve('hash_delete', (call) => forwardingClient(call).hashDelete());
