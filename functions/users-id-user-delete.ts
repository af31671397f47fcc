import { ApiError } from '#lib/budgea/authentication-api.ts';
import { unexpectedUser } from '#lib/budgea/errors.ts';
import { GatewayError } from '#lib/errors.ts';
import { isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { endOwnership, unifyNotFound, readUserId, requireOwnUser } from '#lib/partners/ownership.ts';
import { callUpstream } from '#lib/secrets/signing.ts';

/** `DELETE /users/{id_user}`. Deletes the user and its ownership. */
export const handler = serve(
  'users_id_user_delete',
  async (call, { id_user, expand }) => {
    if (id_user === 'all') throw new GatewayError('forbidden', { description: 'Users must be deleted one at a time.' });
    if (isPartner(call.caller)) await requireOwnUser(call, call.caller, id_user);
    // The id of `me` cannot be read after the deletion.
    const me = id_user === 'me' ? await callUpstream(call, (budgea) => readUserId(call, budgea)) : undefined;
    const before = call.log.upstream_attempts;
    const deleting = callUpstream(call, (budgea) => budgea.usersIdUserDelete(id_user, { expand }));
    const deleted = await unifyNotFound(deleting).catch((error: unknown) => {
      const repeated = call.log.upstream_attempts > before + 1;
      // The token was valid before. If a repeated deletion rejects it, the first attempt has deleted the user with its token.
      if (me !== undefined && repeated && isUnknownToken(error)) return undefined;
      throw error;
    });
    const returnedId = idOf(deleted);
    if (me !== undefined && returnedId !== undefined && returnedId !== me) throw unexpectedUser('users_id_user_delete');
    // With a token, the requested id is not trusted: only the id in upstream's response ends an ownership.
    const deletedId = isPartner(call.caller) ? id_user : (me ?? returnedId);
    // A failure does not fail the call: upstream does not reuse ids, so a remaining ownership allows no access.
    if (deletedId !== undefined) await endOwnership(deletedId).catch(() => call.log.count.push('OwnershipLeft'));
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
