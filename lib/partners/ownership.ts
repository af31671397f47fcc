import * as v from 'valibot';
import { ConditionFailed, expiryAttribute, table } from '../aws/table.ts';
import { ApiError, type AuthenticationApi } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';
import type { Call, Partner } from '../operations/call.ts';
import { forwardingClient } from '../secrets/upstream.ts';

const ownership = lazy(() => v.object({ owner: v.string(), temporary_until: v.optional(number) }));

/** Which partner a user belongs to. */
export interface Ownership {
  /** The partner's client id. */
  owner: string;
  /**
   * When upstream deletes a temporary user, in seconds since the epoch, unless it becomes permanent first; undefined for a permanent user.
   * Ownership does not end at that time: only upstream knows whether the user still exists.
   */
  temporary_until?: number | undefined;
}

/** The user belongs to another partner. */
export class OwnershipConflict extends Error {
  override readonly name = 'OwnershipConflict';
}

/** The ownership of a temporary user is kept this long after its end, in seconds: its own token can make it permanent unseen. */
const unconfirmedLife = 30 * 86_400;

const userItem = (idUser: string): string => `USER#${idUser}`;
const ownedBy = (owner: string) => ({
  text: '#owner = :owner',
  names: { '#owner': 'owner' },
  values: { ':owner': owner },
});

/** Returns the owner of the user, by a consistent read; undefined for an unowned user. Throws the table's errors. */
export async function ownershipOf(idUser: string): Promise<Ownership | undefined> {
  const item = await table.get(userItem(idUser));
  return item && v.parse(ownership(), item);
}

/**
 * Records the partner as the owner of the user, who is temporary when `temporaryUntil` is set; recording the same owner again is no error.
 * Throws OwnershipConflict when another partner owns the user, and the table's errors when the outcome is unknown.
 */
export async function saveOwner(idUser: string, owner: string, temporaryUntil?: number): Promise<void> {
  const { text, ...rest } = ownedBy(owner);
  const item = {
    pk: userItem(idUser),
    owner,
    temporary_until: temporaryUntil,
    [expiryAttribute]: temporaryUntil === undefined ? undefined : temporaryUntil + unconfirmedLife,
    recorded: new Date(now()).toISOString(),
  };
  try {
    await table.put(item, { text: `attribute_not_exists(pk) OR ${text}`, ...rest });
  } catch (error) {
    throw error instanceof ConditionFailed ? new OwnershipConflict('another partner owns the user') : error;
  }
}

/** Records that an owned temporary user has become permanent. Throws ConditionFailed when the owner has changed, and the table's errors. */
export async function savePermanent(idUser: string, owner: string): Promise<void> {
  const { text: condition, ...rest } = ownedBy(owner);
  await table.update(userItem(idUser), { text: `REMOVE temporary_until, ${expiryAttribute}`, ...rest }, condition);
}

/** Ends the ownership of a deleted user. Throws the table's errors. */
export async function endOwnership(idUser: string): Promise<void> {
  await table.delete(userItem(idUser));
}

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
  call.log.id_user = idUser;
  const ownership = await ownershipOf(idUser).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the user’s ownership cannot be read', cause });
  });
  if (ownership?.owner !== partner.clientId) throw new GatewayError('notFound', { detail: 'not this partner’s user' });
  return ownership;
}

/** Returns the id of the user whose token `budgea` carries. Throws what the client throws. */
export async function readUserId(call: Call, budgea: AuthenticationApi): Promise<string> {
  const { id } = await budgea.usersIdUserGet('me');
  call.log.id_user = String(id);
  return String(id);
}

/**
 * Records that upstream has issued a permanent token of a user, which makes a temporary user permanent; `known` is its ownership where it
 * was read before. The token exists already, so a failure is counted and does not fail the call.
 */
export async function confirmPermanent(call: Call, idUser: string, known?: Ownership): Promise<void> {
  try {
    const id = idUser === 'me' ? await readUserId(call, forwardingClient(call)) : idUser;
    const ownership = known ?? (await ownershipOf(id));
    if (ownership?.temporary_until !== undefined) await savePermanent(id, ownership.owner);
  } catch {
    call.log.count.push('OwnershipNotExtended');
  }
}

/** Upstream may delete temporary users late: a user that it knows this long after its end, in seconds, has become permanent. */
const deletionDelay = 86_400;

/** Whether a user that upstream still knows must have become permanent. */
export function mustBePermanent({ temporary_until = Infinity }: Ownership): boolean {
  return now() / 1000 > temporary_until + deletionDelay;
}

/**
 * Makes upstream's “not found” the same as the gateway's, so that a foreign user cannot be told from a missing one. A page from the
 * network's edge says nothing about a user.
 */
export async function unifyNotFound<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const isMissing = error instanceof ApiError && error.status === 404 && error.code !== undefined;
    throw isMissing ? new GatewayError('notFound', { cause: error }) : error;
  });
}

/** Throws GatewayError `forbidden`, naming the grant, when the partner does not have it. */
export async function requireGrant(partner: Partner, grant: string): Promise<void> {
  const granted = await partner.allows((grants) => grants.includes(grant));
  if (!granted) throw new GatewayError('forbidden', { description: `This needs the grant ${grant}.` });
}
