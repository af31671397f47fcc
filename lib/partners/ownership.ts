import * as v from 'valibot';
import { ConditionFailed, expiryAttribute, table } from '../aws/table.ts';
import { ApiError, type AuthenticationApi } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';
import type { Call, Partner } from '../operations/call.ts';
import { forwardingClient } from '../secrets/upstream.ts';

const ownershipSchema = lazy(() => v.object({ owner: v.string(), temporary_until: v.optional(number) }));

/** The ownership of a user. */
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

/** How long the ownership of a temporary user is kept after its expiry, in seconds: the user may have become permanent without a call here. */
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
  return item && v.parse(ownershipSchema(), item);
}

/**
 * Records the partner as the owner of the user, who is temporary when `temporaryUntil` is set. Idempotent. Throws OwnershipConflict when
 * another partner owns the user, and the table's errors when the outcome is unknown.
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

/** Deletes the ownership of a deleted user. Throws the table's errors. */
export async function endOwnership(idUser: string): Promise<void> {
  await table.delete(userItem(idUser));
}

/**
 * Returns the ownership of one of the partner's users. Throws GatewayError: 400 `invalidValue` for `me` and `all`, which a partner key does not
 * support; 404 `notFound` for another partner's user, as for a missing user; `unavailable` when the table cannot be read.
 */
export async function requireOwnUser(call: Call, partner: Partner, idUser: string): Promise<Ownership> {
  if (idUser === 'me' || idUser === 'all') {
    throw new GatewayError('invalidValue', {
      description: `id_user must be a user id: partner keys do not support "${idUser}".`,
    });
  }
  call.log.id_user = idUser;
  const ownership = await ownershipOf(idUser).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the user’s ownership cannot be read', cause });
  });
  if (ownership?.owner !== partner.clientId) throw new GatewayError('notFound', { detail: 'not this partner’s user' });
  return ownership;
}

/** Returns the id of the user whose token `budgea` sends. Throws the client's errors. */
export async function readUserId(call: Call, budgea: AuthenticationApi): Promise<string> {
  const { id } = await budgea.usersIdUserGet('me');
  call.log.id_user = String(id);
  return String(id);
}

/**
 * Records that upstream has issued a permanent token, which makes a temporary user permanent. `known` is the user's ownership, if it has been
 * read. The token exists already, so a failure is counted and not thrown.
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

/** Upstream may delete temporary users late. A user that exists this long after its expiry, in seconds, has become permanent. */
const deletionDelay = 86_400;

/** Returns whether a user that upstream still returns must have become permanent. */
export function mustBePermanent({ temporary_until = Infinity }: Ownership): boolean {
  return now() / 1000 > temporary_until + deletionDelay;
}

/**
 * Replaces upstream's 404 by the gateway's, so that another partner's user is indistinguishable from a missing one. A 404 without an error code
 * is not replaced: it may come from a proxy.
 */
export async function unifyNotFound<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    const isMissing = error instanceof ApiError && error.status === 404 && error.code !== undefined;
    throw isMissing ? new GatewayError('notFound', { cause: error }) : error;
  });
}

/** Throws GatewayError `forbidden`, which names the grant, when the partner does not have it. */
export async function requireGrant(partner: Partner, grant: string): Promise<void> {
  const granted = await partner.allows((grants) => grants.includes(grant));
  if (!granted) throw new GatewayError('forbidden', { description: `This requires the grant ${grant}.` });
}
