import { ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { readKept } from './certificates.ts';
import { now } from './clock.ts';
import { env } from './env.ts';
import { jobs } from './jobs.ts';
import type { SecretName } from './operations.ts';
import { readVersion } from './rotation/staged-secret.ts';
import { manageToken } from './secrets.ts';
import { secretsManager } from './secrets-manager.ts';

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
  const current = (await listVersions('manage-token')).find(({ stages }) => stages.includes('AWSCURRENT'));
  const text = current && (await readVersion(env.secretId('manage-token'), current.id));
  return { manage_token_life_s: Math.max(0, Math.round(expiryOf(text) - now() / 1000)) };
}

function expiryOf(text: string | undefined): number {
  try {
    return manageToken().parse(JSON.parse(text ?? '')).expires_at;
  } catch {
    // Nobody can sign with what nobody can read.
    return 0;
  }
}

/** A secret's state: seconds since its current value was made, and versions that are still pending. */
async function readSecret(secret: SecretName): Promise<Readings> {
  const versions = await listVersions(secret);
  const current = versions.find(({ stages }) => stages.includes('AWSCURRENT'));
  const pending = versions.filter(({ stages }) => stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'));
  const age: Readings = current === undefined ? {} : { secret_age_s: secondsSince(current.createdAt) };
  return { ...age, secret_pending: pending.length };
}

/** Seconds since upstream last confirmed a certificate; without the number when there is none yet. */
async function readCertificate(type: string): Promise<Readings> {
  const confirmed = (await readKept(type))?.confirmed_at;
  return confirmed === undefined ? {} : { certificate_age_s: secondsSince(Date.parse(confirmed)) };
}

const secondsSince = (time: number): number => Math.round((now() - time) / 1000);

interface Version {
  id: string;
  stages: readonly string[];
  createdAt: number;
}

async function listVersions(secret: SecretName): Promise<Version[]> {
  const { Versions = [] } = await secretsManager.send(
    new ListSecretVersionIdsCommand({ SecretId: env.secretId(secret), MaxResults: 100 }),
  );
  return Versions.map(({ VersionId = '', VersionStages = [], CreatedDate }) => ({
    id: VersionId,
    stages: VersionStages,
    createdAt: CreatedDate?.getTime() ?? 0,
  }));
}
