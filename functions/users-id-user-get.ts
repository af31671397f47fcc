import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import {
  confirmPermanent,
  unifyNotFound,
  mustBePermanent,
  requireGrant,
  requireOwnUser,
} from '#lib/partners/ownership.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `GET /users/{id_user}`. Returns one of the partner's users, or all users with the grant `users:all`. */
export const handler = serve(
  'users_id_user_get',
  async (call, { id_user, expand }) => {
    const { caller } = call;
    if (isPartner(caller) && id_user === 'all') await requireGrant(caller, 'users:all');
    const ownership = isPartner(caller) && id_user !== 'all' ? await requireOwnUser(call, caller, id_user) : undefined;
    const user = await unifyNotFound(callUpstream(call, (budgea) => budgea.usersIdUserGet(id_user, { expand })));
    if (ownership !== undefined && mustBePermanent(ownership)) await confirmPermanent(call, id_user, ownership);
    return user;
  },
  authenticatePartner,
);
