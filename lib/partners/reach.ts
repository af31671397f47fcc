import { ApiError, type AuthenticationApi } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Call } from '../http/call.ts';
import type { Partner } from '../http/caller.ts';
import { forwarding } from '../http/upstream.ts';
import { ownershipOf, recordPermanent, type Ownership } from './ownership.ts';

/**
 * Lets a partner reach its own users alone. Throws GatewayError: 400 `invalidValue` for `me`, which a key does not have, and for `all`; 404
 * `notFound` for a user of another partner, as for a user that does not exist; `unavailable` when the table cannot be read.
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

/** Returns the id of the user whose token `budgea` carries. Throws what the client throws. */
export async function identityOf(call: Call, budgea: AuthenticationApi): Promise<string> {
  const { id } = await budgea.usersIdUserGet('me');
  call.record.id_user = String(id);
  return String(id);
}

/**
 * Records that upstream has issued a permanent token of a user, which makes a temporary user permanent; `known` is its ownership where it
 * was read before. The token exists already, so a failure is counted and does not fail the call.
 */
export async function confirmPermanent(call: Call, idUser: string, known?: Ownership): Promise<void> {
  try {
    const id = idUser === 'me' ? await identityOf(call, forwarding(call)) : idUser;
    const ownership = known ?? (await ownershipOf(id));
    if (ownership?.temporary_until !== undefined) await recordPermanent(id, ownership.owner);
  } catch {
    call.record.count.push('OwnershipNotExtended');
  }
}

/** Upstream may delete temporary users late: a user that it knows this long after its end, in seconds, has become permanent. */
const deletionDelay = 86_400;

/** Whether a user that upstream still knows must have become permanent. */
export function hasOutlived({ temporary_until = Infinity }: Ownership): boolean {
  return now() / 1000 > temporary_until + deletionDelay;
}

/**
 * Makes upstream's “not found” the same as the gateway's, so that a foreign user cannot be told from a missing one. A page from the
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
