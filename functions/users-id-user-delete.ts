import { ApiError } from '#lib/budgea/authentication-api.ts';
import { unexpectedUser } from '#lib/budgea/errors.ts';
import { GatewayError } from '#lib/errors.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { endOwnership, unifyNotFound, readUserId, requireOwnUser } from '#lib/partners/ownership.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `DELETE /users/{id_user}`: the user goes, and its ownership with it. */
export const handler = serve(
  'users_id_user_delete',
  async (call, { id_user, expand }) => {
    if (id_user === 'all') throw new GatewayError('forbidden', { description: 'Users are deleted one at a time.' });
    if (isPartner(call.caller)) await requireOwnUser(call, call.caller, id_user);
    // After the deletion upstream no longer knows who `me` was.
    const me = id_user === 'me' ? await callUpstream(call, (budgea) => readUserId(call, budgea)) : undefined;
    const before = call.log.upstream_attempts;
    const deleting = callUpstream(call, (budgea) => budgea.usersIdUserDelete(id_user, { expand }));
    const deleted = await unifyNotFound(deleting).catch((error: unknown) => {
      const repeated = call.log.upstream_attempts > before + 1;
      // The token was good a moment ago: not known any more when the deletion is repeated, it went with its user the first time.
      if (me !== undefined && repeated && isUnknownToken(error)) return undefined;
      throw error;
    });
    const answered = idOf(deleted);
    if (me !== undefined && answered !== undefined && answered !== me) throw unexpectedUser('users_id_user_delete');
    // An id that comes with a token is a claim: upstream's answer has to name it, or a token would end anyone's ownership.
    const gone = isPartner(call.caller) ? id_user : (me ?? answered);
    // The user is gone either way; ids are not used again, so what is left of it lets nobody in.
    if (gone !== undefined) await endOwnership(gone).catch(() => call.log.count.push('OwnershipLeft'));
    return deleted;
  },
  authenticatePartner,
);

function idOf(user: object = {}): string | undefined {
  return 'id' in user && typeof user.id === 'number' ? String(user.id) : undefined;
}

function isUnknownToken(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.code === 'invalidToken');
}
