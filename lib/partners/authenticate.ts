import { table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import type { Partner, PresentedKey } from '../operations/call.ts';
import { keyId, sameHash } from './key.ts';
import { evaluatePartner, type PartnerRecord } from './record.ts';

/**
 * The partner that a key belongs to. Throws GatewayError `invalidClient`, the same for a malformed, an unknown and a disabled key, and
 * `unavailable` when the table cannot be read.
 */
export async function authenticatePartner(kind: Partner['kind'], key: PresentedKey | undefined): Promise<Partner> {
  if (key === undefined) throw new GatewayError('invalidClient', { detail: 'the key is malformed' });
  const { clientId, hash } = key;
  const known = await evaluate(clientId, (record) => holdsKey(record, hash) || undefined);
  if (!known) throw new GatewayError('invalidClient', { detail: 'the key is unknown, or its partner disabled' });
  return {
    kind,
    clientId,
    keyId: keyId(hash),
    trackUse: lazy(() => trackKeyUse(clientId, keyId(hash))),
    allows: async (test) =>
      (await evaluate(clientId, (record) => (record !== undefined && test(record.grants)) || undefined)) ?? false,
  };
}

function holdsKey(record: PartnerRecord | undefined, hash: string): boolean {
  return record?.status === 'active' && record.keys.some((stored) => sameHash(stored.hash, hash));
}

/** As evaluatePartner, but an unreadable table is a failure that the caller is told. */
export async function evaluate<T>(
  clientId: string,
  verdict: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  return evaluatePartner(clientId, verdict).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the partner’s record cannot be read', cause });
  });
}

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
export async function trackKeyUse(clientId: string, keyId: string): Promise<void> {
  const today = Math.floor(now() / aDay);
  if (noted.get(keyId) === today) return;
  noted.set(keyId, today);
  const day = new Date(today * aDay).toISOString().slice(0, 10);
  const change = { text: 'SET #key = :day', names: { '#key': keyId }, values: { ':day': day } };
  // Its own condition fails when another container was first.
  await table.update(keyUseItem(clientId), change, 'attribute_not_exists(#key) OR #key < :day').catch(() => undefined);
}
