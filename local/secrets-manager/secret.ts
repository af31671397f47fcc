import { ServiceError } from './errors.ts';
import type { Rotation } from './rotation/rotation.ts';

/** A secret with all its versions: one row of the store, so that every change is one atomic write. Times are epoch milliseconds. */
export interface Secret {
  arn: string;
  name: string;
  description?: string;
  kmsKeyId?: string;
  tags: { Key: string; Value: string }[];
  createdAt: number;
  changedAt: number;
  /** Midnight (UTC) of the last day on which the value was read. */
  accessedOn?: number;
  /** The end of the recovery window of a secret that is marked for deletion. */
  deletesAt?: number;
  rotation?: Rotation;
  versions: Version[];
}

/** A version of a secret. A rotation's new version has no value at first; a deprecated version has no stage. */
export interface Version {
  id: string;
  value?: SecretValue;
  stages: string[];
  createdAt: number;
  accessedOn?: number;
}

/** The value of a version, with the protocol's field names; a binary value is base64. */
export type SecretValue = { SecretString: string } | { SecretBinary: string };

/** The stage that a read without a stage returns. */
export const CURRENT = 'AWSCURRENT';
/** The stage of the version that a rotation creates. */
export const PENDING = 'AWSPENDING';
const PREVIOUS = 'AWSPREVIOUS';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_VERSIONS = 100;
const MAX_STAGES = 20;

/** Returns the version with an id. */
export function versionById(secret: Secret, id: string): Version | undefined {
  return secret.versions.find((version) => version.id === id);
}

/** Returns the version that has a stage; at most one does. */
export function versionAt(secret: Secret, stage: string): Version | undefined {
  return secret.versions.find((version) => version.stages.includes(stage));
}

/** Returns the version of an unfinished rotation, which blocks any other rotation. */
export function unfinished(secret: Secret): Version | undefined {
  const pending = versionAt(secret, PENDING);
  return pending?.stages.includes(CURRENT) === true ? undefined : pending;
}

/**
 * Returns the secret with `value` as its version `id` at `stages`; unchanged when that version has the same value.
 * Throws ResourceExistsException when it has another.
 */
export function putVersion(secret: Secret, id: string, value: SecretValue, stages: string[], now: number): Secret {
  const existing = versionById(secret, id);
  if (existing?.value !== undefined) {
    if (sameValue(existing.value, value)) return secret;
    throw new ServiceError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const added = existing === undefined ? addVersion(secret, id, now) : secret;
  const filled = replaceVersion(added, id, (version) => ({ ...version, value }));
  const first = secret.versions.length === 0;
  return prune([...(first ? [CURRENT] : []), ...stages].reduce((next, stage) => moveStage(next, stage, id), filled));
}

/** Whether two values are equal. */
export function sameValue(one: SecretValue, other: SecretValue): boolean {
  if ('SecretString' in one) return 'SecretString' in other && one.SecretString === other.SecretString;
  return 'SecretBinary' in other && one.SecretBinary === other.SecretBinary;
}

/** Returns the secret with a new version without value or stage. */
export function addVersion(secret: Secret, id: string, now: number): Secret {
  return { ...secret, versions: [...secret.versions, { id, stages: [], createdAt: now }] };
}

/** Returns the secret with `stage` only on version `to`. The version that loses AWSCURRENT gets AWSPREVIOUS. */
export function moveStage(secret: Secret, stage: string, to: string): Secret {
  const from = versionAt(secret, stage);
  if (from?.id === to) return secret;
  const moved = attach(detach(secret, stage), stage, to);
  return stage === CURRENT && from !== undefined ? attach(detach(moved, PREVIOUS), PREVIOUS, from.id) : moved;
}

/** Returns the secret with `stage` on no version. */
export function detach(secret: Secret, stage: string): Secret {
  const without = ({ stages, ...version }: Version) => ({
    ...version,
    stages: stages.filter((other) => other !== stage),
  });
  return { ...secret, versions: secret.versions.map(without) };
}

/** Returns the secret without a version, unless that version has a stage. */
export function dropUnstaged(secret: Secret, id: string): Secret {
  return { ...secret, versions: secret.versions.filter((version) => version.id !== id || version.stages.length > 0) };
}

/** Returns the secret with one version changed. */
export function replaceVersion(secret: Secret, id: string, change: (version: Version) => Version): Secret {
  return { ...secret, versions: secret.versions.map((version) => (version.id === id ? change(version) : version)) };
}

function attach(secret: Secret, stage: string, to: string): Secret {
  const stages = secret.versions.flatMap((version) => version.stages);
  if (stages.length >= MAX_STAGES) {
    throw new ServiceError(
      'LimitExceededException',
      `The request failed because it would exceed the quota of ${MAX_STAGES} staging labels on a secret's versions.`,
    );
  }
  return replaceVersion(secret, to, (version) => ({ ...version, stages: [...version.stages, stage] }));
}

/** Deletes the oldest deprecated versions. The service keeps them for a day; a local secret may rotate every few seconds. */
function prune(secret: Secret): Secret {
  const excess = secret.versions.length - MAX_VERSIONS;
  if (excess <= 0) return secret;
  const deprecated = new Set(secret.versions.filter((version) => version.stages.length === 0).slice(0, excess));
  return { ...secret, versions: secret.versions.filter((version) => !deprecated.has(version)) };
}
