import { ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { readKept } from './certificates.ts';
import { now } from './clock.ts';
import { env } from './env.ts';
import { jobs } from './jobs.ts';
import type { SecretName } from './operations.ts';
import { readVersion } from './rotation/staged-secret.ts';
import { manageToken } from './secrets.ts';
import { secretsManager } from './secrets-manager.ts';

/** Numbers of the moment, with what they are about. */
export interface Gauge {
  about: Readonly<Record<string, string>>;
  values: Readonly<Record<string, number>>;
}

/** The secrets whose state is watched. */
export const watchedSecrets: readonly SecretName[] = jobs.watch.describes;

interface Version {
  id: string;
  stages: readonly string[];
  createdAt: number;
}

/** A secret's state: seconds since its current value was made, and versions that are still pending. Throws the service's errors. */
export async function secretGauge(secret: SecretName): Promise<Gauge> {
  const versions = await listVersions(secret);
  const current = versions.find(({ stages }) => stages.includes('AWSCURRENT'));
  const pending = versions.filter(({ stages }) => stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'));
  return {
    about: { secret },
    values: {
      ...(current && { secret_age_s: Math.round((now() - current.createdAt) / 1000) }),
      secret_pending: pending.length,
    },
  };
}

/** The life left in the manage JWT, in seconds; 0 when there is none. Throws the service's errors. */
export async function manageTokenGauge(): Promise<Gauge> {
  const current = (await listVersions('manage-token')).find(({ stages }) => stages.includes('AWSCURRENT'));
  const text = current && (await readVersion(env.secretId('manage-token'), current.id));
  const value = text === undefined ? undefined : manageToken.parse(JSON.parse(text));
  const left = value === undefined ? 0 : Math.max(0, Math.round(value.expires_at - now() / 1000));
  return { about: {}, values: { manage_token_life_s: left } };
}

/** Seconds since upstream last confirmed a certificate; without the number when there is none yet. Throws the table's errors. */
export async function certificateGauge(type: string): Promise<Gauge> {
  const confirmed = (await readKept(type))?.confirmed_at;
  const age: Gauge['values'] =
    confirmed === undefined ? {} : { certificate_age_s: Math.round((now() - Date.parse(confirmed)) / 1000) };
  return { about: { certificate_type: type }, values: age };
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
