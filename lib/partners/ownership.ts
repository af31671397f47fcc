import * as v from 'valibot';
import { now } from '../clock.ts';
import { later } from '../later.ts';
import { number } from '../schemas/numbers.ts';
import { ConditionFailed, expiryAttribute, table } from '../table.ts';

const ownership = later(() => v.object({ owner: v.string(), temporary_until: v.optional(number) }));

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
export async function recordOwner(idUser: string, owner: string, temporaryUntil?: number): Promise<void> {
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
export async function recordPermanent(idUser: string, owner: string): Promise<void> {
  const { text: condition, ...rest } = ownedBy(owner);
  await table.update(userItem(idUser), { text: `REMOVE temporary_until, ${expiryAttribute}`, ...rest }, condition);
}

/** Ends the ownership of a deleted user. Throws the table's errors. */
export async function endOwnership(idUser: string): Promise<void> {
  await table.delete(userItem(idUser));
}
