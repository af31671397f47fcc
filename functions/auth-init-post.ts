import { now } from '#lib/clock.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { registerNewUser } from '#lib/partners/new-user.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** Upstream's default lifetime of a temporary user, in seconds. */
const temporaryLife = 1800;

/** `POST /auth/init`. The new user is temporary for a key in `x-api-key`, and permanent for the other partner credentials. */
export const handler = serve(
  'auth_init_post',
  async (call) => {
    const created = await callUpstream(call, (budgea, client) => budgea.authInitPost(client));
    if (isPartner(call.caller)) {
      const temporary = call.caller.kind === 'api_key' || created.type === 'temporary';
      const life = created.expires_in ?? temporaryLife;
      await registerNewUser(call, call.caller.clientId, {
        idUser: created.id_user?.toString(),
        token: created.auth_token,
        temporaryUntil: temporary ? Math.ceil(now() / 1000 + life) : undefined,
      });
    }
    return created;
  },
  authenticatePartner,
);
