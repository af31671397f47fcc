import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { ConditionFailed, table } from '../aws/table.ts';
import { certificate } from '../budgea/specification.ts';
import { now } from '../clock.ts';
import { lazy } from '../lazy.ts';
import type { CountedEvent } from '../operations/call.ts';

/** A certificate in upstream's response. */
export type Certificate = v.InferOutput<ReturnType<typeof certificate>>;

const storedCertificate = lazy(() =>
  v.object({
    /** The latest valid certificate, as JSON because its numbers can exceed DynamoDB's precision. */
    certificate: v.optional(v.pipe(v.string(), v.parseJson(), certificate())),
    /** When the certificate last changed. */
    changed_at: v.optional(v.string()),
    /** When upstream was last called for it. */
    checked_at: v.string(),
    /** When upstream last returned it. */
    confirmed_at: v.optional(v.string()),
  }),
);

/** The stored state of a certificate type. Times are ISO 8601. */
export type StoredCertificate = v.InferOutput<ReturnType<typeof storedCertificate>>;

const certificateItem = (type: string): string => `CERTIFICATE#${type}`;
const timestamp = (): string => new Date(now()).toISOString();

/** Returns the stored state of a certificate type, or undefined. Throws the table's errors. */
export async function readStoredCertificate(type: string): Promise<StoredCertificate | undefined> {
  const item = await table.get(certificateItem(type));
  return item === undefined ? undefined : v.parse(storedCertificate(), item);
}

/** The result of {@link storeCertificate}. `older` and `raced`: the stored certificate was kept. */
export type StoreResult = 'changed' | 'unchanged' | 'older' | 'raced';

/**
 * Stores a fetched certificate if it differs from the stored one and is not older. Adds `CertificateDateIgnored` to `count` when one of the dates is
 * not valid. Throws the table's errors.
 */
export async function storeCertificate(
  type: string,
  fetched: Certificate,
  count: CountedEvent[],
): Promise<StoreResult> {
  const stored = await readStoredCertificate(type);
  const time = timestamp();
  if (isIgnored(fetched.created) || isIgnored(stored?.certificate?.created)) count.push('CertificateDateIgnored');
  if (isDeepStrictEqual(stored?.certificate, fetched)) {
    await confirm(type, time);
    return 'unchanged';
  }
  if (isOlder(fetched, stored?.certificate)) {
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
  const changedAt = stored?.changed_at;
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

/** Records a check without a new certificate. Throws the table's errors. */
export async function markFailedCheck(type: string): Promise<void> {
  await table.update(certificateItem(type), { text: 'SET checked_at = :time', values: { ':time': timestamp() } });
}

async function confirm(type: string, time: string): Promise<void> {
  const text = 'SET checked_at = :time, confirmed_at = :time';
  await table.update(certificateItem(type), { text, values: { ':time': time } });
}

type Created = Certificate['created'];

function isOlder(fetched: Certificate, stored: Certificate | undefined): boolean {
  const [time, storedTime] = [timeOf(fetched.created), timeOf(stored?.created)];
  return time !== undefined && storedTime !== undefined && time < storedTime;
}

function isIgnored(created: Created): boolean {
  return typeof created === 'string' && timeOf(created) === undefined;
}

const day = 86_400_000;

/**
 * Returns when a certificate was created, in milliseconds since the epoch, or undefined for an invalid date or one in the future of all time zones,
 * so that it cannot block later certificates. Upstream does not specify the time zone.
 */
function timeOf(created: Created): number | undefined {
  const time = Date.parse(`${created?.replace(' ', 'T')}Z`);
  if (Number.isNaN(time) || time > now() + day) return undefined;
  // `Date.parse` accepts February 30 as March 2.
  const formatted = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  return formatted === created ? time : undefined;
}
