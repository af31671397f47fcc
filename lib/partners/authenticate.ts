import { GatewayError } from '../errors.ts';
import type { Partner } from '../http/caller.ts';
import { later } from '../later.ts';
import { judgePartner } from './cache.ts';
import { keyId, sameHash, type PresentedKey } from './key.ts';
import { noteKeyUse } from './key-use.ts';
import type { PartnerRecord } from './record.ts';

/**
 * The partner that a key belongs to. Throws GatewayError `invalidClient`, the same for a malformed, an unknown and a disabled key, and
 * `unavailable` when the table cannot be read.
 */
export async function authenticatePartner(kind: Partner['kind'], key: PresentedKey | undefined): Promise<Partner> {
  if (key === undefined) throw new GatewayError('invalidClient', { detail: 'the key is malformed' });
  const { clientId, hash } = key;
  const known = await judge(clientId, (record) => holdsKey(record, hash) || undefined);
  if (!known) throw new GatewayError('invalidClient', { detail: 'the key is unknown, or its partner disabled' });
  return {
    kind,
    clientId,
    keyId: keyId(hash),
    noteUse: later(() => noteKeyUse(clientId, keyId(hash))),
    allows: async (test) =>
      (await judge(clientId, (record) => (record !== undefined && test(record)) || undefined)) ?? false,
  };
}

function holdsKey(record: PartnerRecord | undefined, hash: string): boolean {
  return record?.status === 'active' && record.keys.some((stored) => sameHash(stored.hash, hash));
}

/** As judgePartner, but an unreadable table is a failure that the caller is told. */
export async function judge<T>(
  clientId: string,
  verdict: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  return judgePartner(clientId, verdict).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the partner’s record cannot be read', cause });
  });
}
