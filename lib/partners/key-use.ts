import { now } from '../clock.ts';
import { table } from '../table.ts';

/**
 * The item with the day of each key's last use. It is not part of the partner's record, which functions that serve requests may never write.
 */
export const keyUseItem = (clientId: string): string => `KEY_USE#${clientId}`;

const aDay = 86_400_000;
/** The day on which a key was noted last, in days since the epoch. */
const noted = new Map<string, number>();

/**
 * Notes that a key was used today, once a day per container. Never fails, and is not tried again when it could not be noted: it is for the
 * operator's eyes alone, and callers do not wait for it during an outage.
 */
export async function noteKeyUse(clientId: string, keyId: string): Promise<void> {
  const today = Math.floor(now() / aDay);
  if (noted.get(keyId) === today) return;
  noted.set(keyId, today);
  const day = new Date(today * aDay).toISOString().slice(0, 10);
  const change = { text: 'SET #key = :day', names: { '#key': keyId }, values: { ':day': day } };
  // Its own condition fails when another container was first.
  await table.update(keyUseItem(clientId), change, 'attribute_not_exists(#key) OR #key < :day').catch(() => undefined);
}
