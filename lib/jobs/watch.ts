import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { jobs } from '../operations/jobs.ts';
import type { SecretName } from '../operations/table.ts';
import { isPending, listVersions, readVersion, versionInUse } from '../rotation/secret-versions.ts';
import { manageTokenExpiry } from '../secrets/values.ts';
import { readStoredCertificate } from './certificates.ts';

/** Numbers of the moment; one that is missing alarms as a bad one does. */
type Readings = Readonly<Record<string, number>>;

/** What is watched; `read` throws what the service throws that it asks. */
export interface Gauge {
  name: string;
  /** What the numbers are about. */
  about: Readonly<Record<string, string>>;
  read: () => Promise<Readings>;
}

/** Everything that is watched. */
export function gauges(): Gauge[] {
  return [
    { name: 'manage_token', about: {}, read: readManageToken },
    ...jobs.watch.describes.map((secret) => ({ name: 'secret', about: { secret }, read: () => readSecret(secret) })),
    ...env
      .certificateTypes()
      .map((type) => ({ name: 'certificate', about: { certificate_type: type }, read: () => readCertificate(type) })),
  ];
}

/** The life left in the manage JWT, in seconds; 0 when there is none that can be used. */
async function readManageToken(): Promise<Readings> {
  const secretId = env.secretId('manage-token');
  const inUse = versionInUse(await listVersions(secretId));
  // Nobody can sign with what nobody can read.
  const expiresAt = manageTokenExpiry(inUse && (await readVersion(secretId, inUse.id))) ?? 0;
  return { manage_token_life_s: Math.max(0, Math.round((expiresAt - now()) / 1000)) };
}

/** A secret's state: seconds since its current value was made, and versions that are still pending. */
async function readSecret(secret: SecretName): Promise<Readings> {
  const versions = await listVersions(env.secretId(secret));
  const inUse = versionInUse(versions);
  const age: Readings = inUse === undefined ? {} : { secret_age_s: secondsSince(inUse.createdAt) };
  return { ...age, secret_pending: versions.filter(isPending).length };
}

/** Seconds since upstream last confirmed a certificate; without the number when there is none yet. */
async function readCertificate(type: string): Promise<Readings> {
  const confirmed = (await readStoredCertificate(type))?.confirmed_at;
  return confirmed === undefined ? {} : { certificate_age_s: secondsSince(Date.parse(confirmed)) };
}

const secondsSince = (time: number): number => Math.round((now() - time) / 1000);
