import * as v from 'valibot';
import { table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';

/** The schema of a partner's record in the table. Times are ISO 8601. */
export const partnerRecord = lazy(() =>
  v.object({
    client_id: v.string(),
    name: v.string(),
    status: v.picklist(['active', 'disabled']),
    /** At most two live keys, stored as hashes. */
    keys: v.array(v.object({ id: v.string(), hash: v.string(), created: v.string() })),
    redirect_uris: v.array(v.string()),
    grants: v.array(v.string()),
    created: v.string(),
    /** Version number for optimistic locking. */
    revision: number,
  }),
);

/** A partner's record. */
export type PartnerRecord = v.InferOutput<ReturnType<typeof partnerRecord>>;

/** Returns the key of a partner's item. */
export const partnerItem = (clientId: string): string => `PARTNER#${clientId}`;

/** Returns a partner's record from the table, or undefined when there is none. Throws the table's errors. */
export async function readPartner(clientId: string): Promise<PartnerRecord | undefined> {
  const item = await table.get(partnerItem(clientId));
  return item === undefined ? undefined : v.parse(partnerRecord(), item);
}

/** How long a record is cached, in milliseconds: a revoked key stops working within a minute. */
const timeToLive = 60_000;
/** A rejection refreshes the record: this many times in a row, then once per this interval, in milliseconds. */
const refreshBurst = 3;
const refreshInterval = 1_000;
const maxRecords = 1_000;

interface Cached {
  record: PartnerRecord | undefined;
  readAt: number;
  /** How many rejections may refresh the record before the next interval. */
  refreshesLeft: number;
}

const cache = new Map<string, Cached>();
const reads = new Map<string, Promise<Cached>>();

/**
 * Evaluates the partner's record. A cached record can allow, but a rejection refreshes it first, so that a new key, grant or redirect URI works
 * at once; the rate of these refreshes is limited. `decide` receives undefined when the partner does not exist, and returns undefined to reject.
 * Throws the table's errors: a partner whose record cannot be read is not allowed in.
 */
export async function evaluatePartner<T>(
  clientId: string,
  decide: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  const cached = cache.get(clientId);
  const age = cached === undefined ? Infinity : now() - cached.readAt;
  const refreshesLeft = Math.min(refreshBurst, (cached?.refreshesLeft ?? 0) + Math.floor(age / refreshInterval));
  if (cached !== undefined && age >= 0 && age < timeToLive) {
    const decision = decide(cached.record);
    if (decision !== undefined || refreshesLeft === 0) return decision;
  }
  return decide((await read(clientId, Math.max(0, refreshesLeft - 1))).record);
}

/** Reads the record, once for concurrent calls. A missing partner is cached too, to limit refreshes. */
function read(clientId: string, refreshesLeft: number): Promise<Cached> {
  const running = reads.get(clientId);
  if (running !== undefined) return running;
  const started = readAndCache(clientId, refreshesLeft).finally(() => reads.delete(clientId));
  reads.set(clientId, started);
  return started;
}

async function readAndCache(clientId: string, refreshesLeft: number): Promise<Cached> {
  const readAt = now();
  const cached = { record: await readPartner(clientId), readAt, refreshesLeft };
  cache.delete(clientId);
  cache.set(clientId, cached);
  const [oldest] = cache.keys();
  if (cache.size > maxRecords && oldest !== undefined) cache.delete(oldest);
  return cached;
}
