import { table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import type { Partner } from '../operations/call.ts';
import { type PresentedKey, keyId, sameHash } from '../partner-key.ts';
import { evaluatePartner, type PartnerRecord } from './record.ts';

/**
 * Returns the partner that a key belongs to. Throws GatewayError `invalidClient`, identical for a malformed key, an unknown key and a disabled
 * partner, and `unavailable` when the table cannot be read.
 */
export async function authenticatePartner(kind: Partner['kind'], key: PresentedKey | undefined): Promise<Partner> {
  if (key === undefined) throw new GatewayError('invalidClient', { detail: 'the key is malformed' });
  const { clientId, hash } = key;
  const isValid = await evaluate(clientId, (record) => hasActiveKey(record, hash) || undefined);
  if (!isValid) throw new GatewayError('invalidClient', { detail: 'the key is unknown, or its partner is disabled' });
  return {
    kind,
    clientId,
    keyId: keyId(hash),
    trackUse: lazy(() => trackKeyUse(clientId, keyId(hash))),
    allows: async (test) =>
      (await evaluate(clientId, (record) => (record !== undefined && test(record.grants)) || undefined)) ?? false,
  };
}

function hasActiveKey(record: PartnerRecord | undefined, hash: string): boolean {
  return record?.status === 'active' && record.keys.some((stored) => sameHash(stored.hash, hash));
}

/** Same as evaluatePartner, but throws GatewayError `unavailable` when the table cannot be read. */
export async function evaluate<T>(
  clientId: string,
  verdict: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  return evaluatePartner(clientId, verdict).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the partner’s record cannot be read', cause });
  });
}

/** The item with the day of each key's last use. It is separate from the partner's record, which functions that serve requests cannot write. */
export const keyUseItem = (clientId: string): string => `KEY_USE#${clientId}`;

const msPerDay = 86_400_000;
/** The day on which each key's use was last recorded by this container, in days since the epoch. */
const recordedDays = new Map<string, number>();

/**
 * Records that a key was used today, once a day per container. Never throws and is not retried: only operators read the day, and callers must
 * not wait for it during an outage.
 */
export async function trackKeyUse(clientId: string, id: string): Promise<void> {
  const today = Math.floor(now() / msPerDay);
  if (recordedDays.get(id) === today) return;
  recordedDays.set(id, today);
  const day = new Date(today * msPerDay).toISOString().slice(0, 10);
  const change = { text: 'SET #key = :day', names: { '#key': id }, values: { ':day': day } };
  // The condition fails when another container was first.
  await table.update(keyUseItem(clientId), change, 'attribute_not_exists(#key) OR #key < :day').catch(() => undefined);
}
