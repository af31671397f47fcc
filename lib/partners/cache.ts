import { now } from '../clock.ts';
import { readPartner, type PartnerRecord } from './record.ts';

/** A record serves this long, in milliseconds: a revoked key dies within a minute. */
const timeToLive = 60_000;
/** A record at least this old is read again before it refuses someone; a flood of refusals reads once in that time. */
const refusalAge = 1_000;
const mostRecords = 1_000;

interface Cached {
  record: PartnerRecord | undefined;
  readAt: number;
}

const cache = new Map<string, Cached>();
const reading = new Map<string, Promise<Cached>>();

/**
 * What `judge` makes of the partner's record: a cached one may grant, but only a fresh one refuses, so that a new key, grant or redirect URI
 * works at once. `judge` gets undefined when there is no such partner, and gives undefined to refuse. Throws the table's errors: whoever
 * cannot be judged is not let in.
 */
export async function judgePartner<T>(
  clientId: string,
  judge: (record: PartnerRecord | undefined) => T | undefined,
): Promise<T | undefined> {
  const known = cache.get(clientId);
  const age = known === undefined ? Infinity : now() - known.readAt;
  if (known !== undefined && age >= 0 && age < timeToLive) {
    const verdict = judge(known.record);
    if (verdict !== undefined || age < refusalAge) return verdict;
  }
  return judge((await read(clientId)).record);
}

/** Reads the record, once for all who ask at the same time. A partner that does not exist is not remembered beyond the refusal age. */
function read(clientId: string): Promise<Cached> {
  const running = reading.get(clientId);
  if (running !== undefined) return running;
  const started = readAndKeep(clientId).finally(() => reading.delete(clientId));
  reading.set(clientId, started);
  return started;
}

async function readAndKeep(clientId: string): Promise<Cached> {
  const readAt = now();
  const cached = { record: await readPartner(clientId), readAt };
  cache.delete(clientId);
  cache.set(clientId, cached);
  const [oldest] = cache.keys();
  if (cache.size > mostRecords && oldest !== undefined) cache.delete(oldest);
  return cached;
}
