import { GatewayError } from '#lib/errors.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { allowsAdminJwt } from '#lib/partners/settings.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `POST /admin/jwt`: a partner's grant names the scope and the longest duration of the manage JWTs that it may mint. */
export const handler = serve(
  'admin_jwt_post',
  async (call, { scope, duration }) => {
    if (isPartner(call.caller)) {
      const granted = await call.caller.allows((grants) => allowsAdminJwt(grants, scope, duration));
      if (!granted) {
        throw new GatewayError('forbidden', {
          description: 'This needs a grant admin:jwt for the scope and duration.',
        });
      }
    }
    return callUpstream(call, (budgea) => budgea.adminJwtPost({ scope, duration }));
  },
  authenticatePartner,
);
