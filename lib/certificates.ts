import * as z from 'zod/mini';
import { now } from './clock.ts';
import { certificate } from './schemas/responses.ts';
import { table } from './table.ts';

/** A certificate as upstream gives it. */
export type Certificate = z.output<typeof certificate>;

/** The latest certificate of a type, as kept. Times are ISO 8601. */
const keptCertificate = z.object({ certificate, changed_at: z.string(), checked_at: z.string() });

const certificateItem = (type: string): string => `CERTIFICATE#${type}`;

/** The kept certificate of a type; undefined when none was fetched yet. Throws the table's errors. */
export async function readCertificate(type: string): Promise<Certificate | undefined> {
  const item = await table.get(certificateItem(type));
  return item === undefined ? undefined : keptCertificate.parse(item).certificate;
}

/** Keeps the first certificate of a type. Throws the table's errors. */
export async function keepCertificate(type: string, fetched: Certificate): Promise<void> {
  const time = new Date(now()).toISOString();
  await table.put({ pk: certificateItem(type), certificate: fetched, changed_at: time, checked_at: time });
}
