import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { ConditionFailed, table } from '../aws/table.ts';
import { certificate } from '../budgea/specification.ts';
import { now } from '../clock.ts';
import { lazy } from '../lazy.ts';
import type { CountedEvent } from '../operations/call.ts';

/** A certificate as upstream gives it. */
export type Certificate = v.InferOutput<ReturnType<typeof certificate>>;

/** What is kept of a certificate type. Times are ISO 8601. */
const keptCertificate = lazy(() =>
  v.object({
    /** The latest good one, as JSON since its numbers may be larger than the table's; undefined before the first. */
    certificate: v.optional(v.pipe(v.string(), v.parseJson(), certificate())),
    /** When it became another one. */
    changed_at: v.optional(v.string()),
    /** When upstream was last asked, whatever came of it. */
    checked_at: v.string(),
    /** When upstream last confirmed it. */
    confirmed_at: v.optional(v.string()),
  }),
);

/** What is kept of a certificate type. */
export type StoredCertificate = v.InferOutput<ReturnType<typeof keptCertificate>>;

const certificateItem = (type: string): string => `CERTIFICATE#${type}`;
const timestamp = (): string => new Date(now()).toISOString();

/** What is kept of a type; undefined when it was never asked for. Throws the table's errors. */
export async function readStoredCertificate(type: string): Promise<StoredCertificate | undefined> {
  const item = await table.get(certificateItem(type));
  return item === undefined ? undefined : v.parse(keptCertificate(), item);
}

/** What became of a fetched certificate: `older` and `raced` leave what is kept. */
export type StoreResult = 'changed' | 'unchanged' | 'older' | 'raced';

/**
 * Keeps a fetched certificate, written only when it is another one than the kept one and not older. Adds `CertificateDateIgnored` to `count`
 * when the date of either cannot be compared. Throws the table's errors.
 */
export async function storeCertificate(
  type: string,
  fetched: Certificate,
  count: CountedEvent[],
): Promise<StoreResult> {
  const kept = await readStoredCertificate(type);
  const time = timestamp();
  if (isIgnored(fetched.created) || isIgnored(kept?.certificate?.created)) count.push('CertificateDateIgnored');
  if (isDeepStrictEqual(kept?.certificate, fetched)) {
    await confirm(type, time);
    return 'unchanged';
  }
  if (isOlder(fetched, kept?.certificate)) {
    await markFailedCheck(type);
    return 'older';
  }
  const item = {
    pk: certificateItem(type),
    certificate: JSON.stringify(fetched),
    changed_at: time,
    checked_at: time,
    confirmed_at: time,
  };
  const changedAt = kept?.changed_at;
  const condition =
    changedAt === undefined
      ? { text: 'attribute_not_exists(changed_at)' }
      : { text: 'changed_at = :changed', values: { ':changed': changedAt } };
  try {
    await table.put(item, condition);
    return 'changed';
  } catch (error) {
    if (error instanceof ConditionFailed) return 'raced';
    throw error;
  }
}

/** Notes that upstream was asked and gave nothing to keep. Throws the table's errors. */
export async function markFailedCheck(type: string): Promise<void> {
  await table.update(certificateItem(type), { text: 'SET checked_at = :time', values: { ':time': timestamp() } });
}

async function confirm(type: string, time: string): Promise<void> {
  const text = 'SET checked_at = :time, confirmed_at = :time';
  await table.update(certificateItem(type), { text, values: { ':time': time } });
}

type Created = Certificate['created'];

function isOlder(fetched: Certificate, kept: Certificate | undefined): boolean {
  const [time, keptTime] = [timeOf(fetched.created), timeOf(kept?.created)];
  return time !== undefined && keptTime !== undefined && time < keptTime;
}

function isIgnored(created: Created): boolean {
  return typeof created === 'string' && timeOf(created) === undefined;
}

const day = 86_400_000;

/**
 * When a certificate was created, in milliseconds; upstream does not say in which time zone. A value that is not a date, or is ahead of all time
 * zones, has no time: it must not keep a good certificate out.
 */
function timeOf(created: Created): number | undefined {
  const time = Date.parse(`${created?.replace(' ', 'T')}Z`);
  if (Number.isNaN(time) || time > now() + day) return undefined;
  // `Date.parse` reads February 30 as March 2.
  const written = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  return written === created ? time : undefined;
}
