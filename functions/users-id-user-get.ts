import { isPartner } from '../lib/http/caller.ts';
import { serve } from '../lib/http/serve.ts';
import { authenticatePartner } from '../lib/partners/authenticate.ts';
import { foundOrMissing, requireGrant, requireOwnUser } from '../lib/partners/reach.ts';
import { callUpstream } from '../lib/signing.ts';

/** `GET /users/{id_user}`: one of the partner's users, or with the operator's grant everyone. */
export const handler = serve(
  'users_id_user_get',
  async (call, { id_user, expand }) => {
    if (isPartner(call.caller)) {
      if (id_user === 'all') await requireGrant(call.caller, 'users:all');
      else await requireOwnUser(call, call.caller, id_user);
    }
    return foundOrMissing(callUpstream(call, (budgea) => budgea.usersIdUserGet(id_user, { expand })));
  },
  authenticatePartner,
);
