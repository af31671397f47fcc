import { serve } from '#lib/http/serve.ts';
import { forwarding } from '#lib/http/upstream.ts';

/** `DELETE /hash`: deletes the connections of the token's user. */
export const handler = serve('hash_delete', (call) => forwarding(call).hashDelete());
