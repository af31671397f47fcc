import { isPartner } from '../lib/http/caller.ts';
import { serve } from '../lib/http/serve.ts';
import { authenticatePartner } from '../lib/partners/authenticate.ts';
import { foundOrMissing, requireOwnUserForGood } from '../lib/partners/reach.ts';
import { callUpstream } from '../lib/signing.ts';

/** `POST /users/{id_user}/token`: a token of one of the partner's users. */
export const handler = serve(
  'users_id_user_token_post',
  async (call, { id_user, application }) => {
    if (isPartner(call.caller)) await requireOwnUserForGood(call, call.caller, id_user);
    return foundOrMissing(callUpstream(call, (budgea) => budgea.usersIdUserTokenPost(id_user, application)));
  },
  authenticatePartner,
);
