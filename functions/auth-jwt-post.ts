import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { registerNewUser } from '#lib/partners/new-user.ts';
import { confirmPermanent, unifyNotFound, requireGrant, requireOwnUser } from '#lib/partners/ownership.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `POST /auth/jwt`. Returns a JWT of one of the partner's users, or of a new user. */
export const handler = serve(
  'auth_jwt_post',
  async (call, { scope, id_user, expire }) => {
    const { caller } = call;
    if (isPartner(caller)) {
      if (!expire) await requireGrant(caller, 'jwt:permanent');
      if (scope !== undefined) await requireGrant(caller, `jwt:scope:${scope}`);
    }
    const ownership =
      isPartner(caller) && id_user !== undefined ? await requireOwnUser(call, caller, id_user) : undefined;
    const issued = await unifyNotFound(
      callUpstream(call, (budgea, client) => budgea.authJwtPost({ ...client, scope, id_user, expire })),
    );
    if (id_user !== undefined && !expire) await confirmPermanent(call, id_user, ownership);
    if (isPartner(caller) && id_user === undefined) {
      await registerNewUser(call, caller.clientId, {
        idUser: issued.payload?.id_user?.toString(),
        token: issued.jwt_token,
      });
    }
    return issued;
  },
  authenticatePartner,
);
