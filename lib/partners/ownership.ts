import * as v from 'valibot';
import { now } from '../clock.ts';
import { later } from '../later.ts';
import { number } from '../schemas/numbers.ts';
import { ConditionFailed, table } from '../table.ts';

const ownership = later(() => v.object({ owner: v.string(), expires_at: v.optional(number) }));

/** Whose a user is. */
export interface Ownership {
  /** The partner's client id. */
  owner: string;
  /** When a temporary user vanishes, in seconds since the epoch; undefined for a permanent one. */
  expires_at?: number | undefined;
}

/** The user is another partner's. */
export class OwnershipConflict extends Error {
  override readonly name = 'OwnershipConflict';
}

const userItem = (idUser: string): string => `USER#${idUser}`;
const seconds = (): number => Math.floor(now() / 1000);

/** Whose the user is, by a consistent read; undefined when it is nobody's. Throws the table's errors. */
export async function ownershipOf(idUser: string): Promise<Ownership | undefined> {
  const item = await table.get(userItem(idUser));
  if (item === undefined) return undefined;
  const found = v.parse(ownership(), item);
  return found.expires_at !== undefined && found.expires_at <= seconds() ? undefined : found;
}

/**
 * Records that the user is the partner's, until `expiresAt` when it is temporary; recording again is no error. Throws OwnershipConflict
 * when it is another partner's, and the table's errors when the outcome is unknown.
 */
export async function recordOwner(idUser: string, owner: string, expiresAt?: number): Promise<void> {
  try {
    await table.put(
      { pk: userItem(idUser), owner, expires_at: expiresAt, recorded: new Date(now()).toISOString() },
      {
        text: 'attribute_not_exists(pk) OR #owner = :owner OR expires_at <= :now',
        names: { '#owner': 'owner' },
        values: { ':owner': owner, ':now': seconds() },
      },
    );
  } catch (error) {
    throw error instanceof ConditionFailed ? new OwnershipConflict('the user is another partner’s') : error;
  }
}

/** Ends the ownership of a user that is no more; of the given owner alone, when one is given. */
export async function endOwnership(idUser: string, owner?: string): Promise<void> {
  const condition =
    owner === undefined
      ? undefined
      : { text: '#owner = :owner', names: { '#owner': 'owner' }, values: { ':owner': owner } };
  await table.delete(userItem(idUser), condition).catch((error: unknown) => {
    if (!(error instanceof ConditionFailed)) throw error;
  });
}
