import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { jobs } from '../operations/jobs.ts';
import type { SecretName } from '../operations/table.ts';
import { isPending, listVersions, readVersion, versionInUse } from '../rotation/secret-versions.ts';
import { manageTokenExpiry } from '../secrets/values.ts';
import { readStoredCertificate } from './certificates.ts';

/** The current values of metrics, by name. Alarms treat missing data as breaching. */
type Readings = Readonly<Record<string, number>>;

/** A group of metrics. */
export interface Gauge {
  name: string;
  /** The metrics' dimensions. */
  about: Readonly<Record<string, string>>;
  /** Throws the errors of the service that it calls. */
  read: () => Promise<Readings>;
}

/** Returns the gauges of the environment. */
export function gauges(): Gauge[] {
  return [
    { name: 'manage_token', about: {}, read: readManageToken },
    ...jobs.watch.describes.map((secret) => ({ name: 'secret', about: { secret }, read: () => readSecret(secret) })),
    ...env
      .certificateTypes()
      .map((type) => ({ name: 'certificate', about: { certificate_type: type }, read: () => readCertificate(type) })),
  ];
}

/** Returns the remaining lifetime of the manage JWT in seconds; 0 without a valid one. */
async function readManageToken(): Promise<Readings> {
  const secretId = env.secretId('manage-token');
  const current = versionInUse(await listVersions(secretId));
  const expiresAt = manageTokenExpiry(current && (await readVersion(secretId, current.id))) ?? 0;
  return { manage_token_life_s: Math.max(0, Math.round((expiresAt - now()) / 1000)) };
}

/** Returns the age of a secret's current version in seconds, and the number of pending versions. */
async function readSecret(secret: SecretName): Promise<Readings> {
  const versions = await listVersions(env.secretId(secret));
  const current = versionInUse(versions);
  const age: Readings = current === undefined ? {} : { secret_age_s: secondsSince(current.createdAt) };
  return { ...age, secret_pending: versions.filter(isPending).length };
}

/** Returns the seconds since upstream last returned a certificate, or no value before the first time. */
async function readCertificate(type: string): Promise<Readings> {
  const confirmed = (await readStoredCertificate(type))?.confirmed_at;
  return confirmed === undefined ? {} : { certificate_age_s: secondsSince(Date.parse(confirmed)) };
}

const secondsSince = (time: number): number => Math.round((now() - time) / 1000);
