import { ApiError } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../http/call.ts';
import type { Partner } from '../http/caller.ts';
import { ownershipOf, recordOwner, type Ownership } from './ownership.ts';

/**
 * Lets a partner reach its own users alone. Throws GatewayError: 400 `invalidValue` for `me`, which a key does not have, and for `all`; 404
 * `notFound` for a user of someone else, as for a user that does not exist; `unavailable` when the table cannot be read.
 */
export async function requireOwnUser(call: Call, partner: Partner, idUser: string): Promise<Ownership> {
  if (idUser === 'me' || idUser === 'all') {
    throw new GatewayError('invalidValue', {
      description: `id_user must be a user id: a partner key has no "${idUser}".`,
    });
  }
  call.record.id_user = idUser;
  const ownership = await ownershipOf(idUser).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the user’s ownership cannot be read', cause });
  });
  if (ownership?.owner !== partner.clientId) throw new GatewayError('notFound', { detail: 'not this partner’s user' });
  return ownership;
}

/**
 * As requireOwnUser, for a call that gives a permanent token: a temporary user stays with it, and so does its ownership, which is recorded
 * before there is a token.
 */
export async function requireOwnUserForGood(call: Call, partner: Partner, idUser: string): Promise<void> {
  const { expires_at } = await requireOwnUser(call, partner, idUser);
  if (expires_at === undefined) return;
  await recordOwner(idUser, partner.clientId).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the user’s ownership cannot be extended', cause });
  });
}

/**
 * Makes upstream's “not found” the same as the gateway's, so that nobody can tell a foreign user from a missing one. A page from the
 * network's edge says nothing about a user.
 */
export async function foundOrMissing<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const isMissing = error instanceof ApiError && error.status === 404 && error.code !== undefined;
    throw isMissing ? new GatewayError('notFound', { cause: error }) : error;
  });
}

/** Throws GatewayError `forbidden`, naming the grant, when the partner does not have it. */
export async function requireGrant(partner: Partner, grant: string): Promise<void> {
  const granted = await partner.allows(({ grants }) => grants.includes(grant));
  if (!granted) throw new GatewayError('forbidden', { description: `This needs the grant ${grant}.` });
}
