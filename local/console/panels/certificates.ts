import { readStoredCertificate } from '#lib/jobs/certificates.ts';
import { env } from '#lib/config/env.ts';
import { runJob } from '../../jobs.ts';
import { ConsoleRefusal } from '../refusal.ts';
import type { CertificateView } from '../wire.ts';

/** What is kept of each type. Throws the table's errors. */
export function readCertificates(): Promise<CertificateView[]> {
  return Promise.all(env.certificateTypes().map(readCertificate));
}

/** Fetches all of them now, as the schedule does. Throws ConsoleRefusal when that fails. */
export async function fetchCertificates(): Promise<void> {
  await runJob('fetch-certificates').catch(() => {
    // The job has logged why.
    throw new ConsoleRefusal(502, 'The certificates could not be fetched: the run’s line in the log says why.');
  });
}

async function readCertificate(type: string): Promise<CertificateView> {
  const { certificate, changed_at, confirmed_at, checked_at } = (await readStoredCertificate(type)) ?? {};
  return {
    type,
    id: certificate?.id == null ? undefined : String(certificate.id),
    created: certificate?.created ?? undefined,
    changedAt: instant(changed_at),
    confirmedAt: instant(confirmed_at),
    checkedAt: instant(checked_at),
  };
}

function instant(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
