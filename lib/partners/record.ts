import * as v from 'valibot';
import { table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';

/** What the table knows of a partner. Times are ISO 8601. */
export const partnerRecord = lazy(() =>
  v.object({
    client_id: v.string(),
    name: v.string(),
    status: v.picklist(['active', 'disabled']),
    /** At most two live keys, each by its hash alone. */
    keys: v.array(v.object({ id: v.string(), hash: v.string(), created: v.string() })),
    redirect_uris: v.array(v.string()),
    grants: v.array(v.string()),
    created: v.string(),
    /** Grows with each change, so that of two at the same time one begins anew. */
    revision: number,
  }),
);

/** A partner's record. */
export type PartnerRecord = v.InferOutput<ReturnType<typeof partnerRecord>>;

/** The key of a partner's item. */
export const partnerItem = (clientId: string): string => `PARTNER#${clientId}`;

/** Reads a partner's record from the table; undefined when there is none. Throws the table's errors. */
export async function readPartner(clientId: string): Promise<PartnerRecord | undefined> {
  const item = await table.get(partnerItem(clientId));
  return item === undefined ? undefined : v.parse(partnerRecord(), item);
}

/** A record serves this long, in milliseconds: a revoked key dies within a minute. */
const timeToLive = 60_000;
/** A record is read again before it refuses someone, so many times in a row and then once in this time, in milliseconds. */
const refusalBurst = 3;
const refusalPause = 1_000;
const mostRecords = 1_000;

interface Cached {
  record: PartnerRecord | undefined;
  readAt: number;
  /** How many refusals may read it again before the next pause is over. */
  readingsLeft: number;
}

const cache = new Map<string, Cached>();
const reading = new Map<string, Promise<Cached>>();

/**
 * What `judge` makes of the partner's record: a cached one may grant, but only a fresh one refuses, so that a new key, grant or redirect URI
 * works at once, even for someone who was refused a moment before; a flood of refusals alone is not worth a reading each. `judge` gets undefined when there is no such partner, and gives undefined to refuse. Throws the table's errors: whoever
 * cannot be judged is not let in.
 */
export async function evaluatePartner<T>(
  clientId: string,
  judge: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  const known = cache.get(clientId);
  const age = known === undefined ? Infinity : now() - known.readAt;
  const readingsLeft = Math.min(refusalBurst, (known?.readingsLeft ?? 0) + Math.floor(age / refusalPause));
  if (known !== undefined && age >= 0 && age < timeToLive) {
    const verdict = judge(known.record);
    if (verdict !== undefined || readingsLeft === 0) return verdict;
  }
  return judge((await read(clientId, Math.max(0, readingsLeft - 1))).record);
}

/** Reads the record, once for all who ask at the same time. That there is no such partner is remembered for a refusal's sake alone. */
function read(clientId: string, readingsLeft: number): Promise<Cached> {
  const running = reading.get(clientId);
  if (running !== undefined) return running;
  const started = readAndKeep(clientId, readingsLeft).finally(() => reading.delete(clientId));
  reading.set(clientId, started);
  return started;
}

async function readAndKeep(clientId: string, readingsLeft: number): Promise<Cached> {
  const readAt = now();
  const cached = { record: await readPartner(clientId), readAt, readingsLeft };
  cache.delete(clientId);
  cache.set(clientId, cached);
  const [oldest] = cache.keys();
  if (cache.size > mostRecords && oldest !== undefined) cache.delete(oldest);
  return cached;
}
