import { GatewayError } from '../lib/errors.ts';
import type { Call } from '../lib/http/call.ts';
import { isPartner } from '../lib/http/caller.ts';
import { serve } from '../lib/http/serve.ts';
import { authenticatePartner } from '../lib/partners/authenticate.ts';
import { endOwnership } from '../lib/partners/ownership.ts';
import { foundOrMissing, requireOwnUser } from '../lib/partners/reach.ts';
import { callUpstream } from '../lib/signing.ts';

/** `DELETE /users/{id_user}`: the user goes, and its ownership with it. */
export const handler = serve(
  'users_id_user_delete',
  async (call, { id_user, expand }) => {
    if (id_user === 'all') throw new GatewayError('forbidden', { description: 'Users are deleted one at a time.' });
    if (isPartner(call.caller)) await requireOwnUser(call, call.caller, id_user);
    const id = id_user === 'me' ? await askIdentity(call) : id_user;
    const deleted = await foundOrMissing(callUpstream(call, (budgea) => budgea.usersIdUserDelete(id_user, { expand })));
    // The user is gone either way; ids are not used again, so what is left of it lets nobody in.
    await endOwnership(id).catch(() => call.record.count.push('OwnershipLeft'));
    return deleted;
  },
  authenticatePartner,
);

/** After the deletion nobody can say any more who `me` was. */
async function askIdentity(call: Call): Promise<string> {
  const { id } = await callUpstream(call, (budgea) => budgea.usersIdUserGet('me'));
  if (typeof id !== 'number') throw new GatewayError('badGateway', { detail: 'users/me answered without an id' });
  call.record.id_user = String(id);
  return String(id);
}
