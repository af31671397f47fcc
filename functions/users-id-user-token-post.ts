import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { confirmPermanent, unifyNotFound, requireOwnUser } from '#lib/partners/ownership.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `POST /users/{id_user}/token`. Returns a new token of a user, which makes a temporary user permanent. */
export const handler = serve(
  'users_id_user_token_post',
  async (call, { id_user, application }) => {
    const ownership = isPartner(call.caller) ? await requireOwnUser(call, call.caller, id_user) : undefined;
    const created = await unifyNotFound(
      callUpstream(call, (budgea) => budgea.usersIdUserTokenPost(id_user, application)),
    );
    await confirmPermanent(call, id_user, ownership);
    return created;
  },
  authenticatePartner,
);
