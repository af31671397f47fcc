import { GatewayError } from '#lib/errors.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { allowsAdminJwt } from '#lib/partners/settings.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `POST /admin/jwt`. A partner's grant limits the scope and the duration of its manage JWTs. */
export const handler = serve(
  'admin_jwt_post',
  async (call, { scope, duration }) => {
    if (isPartner(call.caller)) {
      const granted = await call.caller.allows((grants) => allowsAdminJwt(grants, scope, duration));
      if (!granted) {
        throw new GatewayError('forbidden', {
          description: 'This requires an admin:jwt grant for the scope and duration.',
        });
      }
    }
    return callUpstream(call, (budgea) => budgea.adminJwtPost({ scope, duration }));
  },
  authenticatePartner,
);
