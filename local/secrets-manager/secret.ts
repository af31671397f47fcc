import { ServiceError } from './errors.ts';
import type { Rotation } from './rotation/rotation.ts';
import { type SecretValue, sameValue } from './value.ts';

/** A secret with all its versions: one row of the store, so that every change to it is one atomic write. Times are epoch milliseconds. */
export interface Secret {
  arn: string;
  name: string;
  description?: string;
  kmsKeyId?: string;
  tags: Tag[];
  createdAt: number;
  changedAt: number;
  /** Midnight (UTC) of the last day on which the value was read. */
  accessedOn?: number;
  /** When a secret that is marked for deletion ceases to exist. */
  deletesAt?: number;
  rotation?: Rotation;
  versions: Version[];
}

/** One version of a secret; without a value while the rotation that made it has not stored one, deprecated without a stage. */
export interface Version {
  id: string;
  value?: SecretValue;
  stages: string[];
  createdAt: number;
  accessedOn?: number;
}

/** In the service's own spelling. */
interface Tag {
  Key: string;
  Value: string;
}

/** The stage of the version that readers get who ask for none. */
export const CURRENT = 'AWSCURRENT';
/** The stage of the version that a rotation makes. */
export const PENDING = 'AWSPENDING';
/** The stage of the version that was current before. */
const PREVIOUS = 'AWSPREVIOUS';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_VERSIONS = 100;
const MAX_STAGES = 20;

/** The version of that id. */
export function versionById(secret: Secret, id: string): Version | undefined {
  return secret.versions.find((version) => version.id === id);
}

/** The version that a stage is attached to: one at most. */
export function versionAt(secret: Secret, stage: string): Version | undefined {
  return secret.versions.find((version) => version.stages.includes(stage));
}

/**
 * The secret with `value` as its version `id`, and that version at `stages`. The same value once more changes nothing;
 * another value for the same id throws ResourceExistsException.
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

/** The secret with a new version that has neither a value nor a stage yet. */
export function addVersion(secret: Secret, id: string, now: number): Secret {
  return { ...secret, versions: [...secret.versions, { id, stages: [], createdAt: now }] };
}

/** The secret with `stage` on version `to` alone; where AWSCURRENT comes from, AWSPREVIOUS goes to. */
export function moveStage(secret: Secret, stage: string, to: string): Secret {
  const from = versionAt(secret, stage);
  if (from?.id === to) return secret;
  const moved = attach(detach(secret, stage), stage, to);
  return stage === CURRENT && from !== undefined ? attach(detach(moved, PREVIOUS), PREVIOUS, from.id) : moved;
}

/** The secret with `stage` on no version. */
export function detach(secret: Secret, stage: string): Secret {
  return {
    ...secret,
    versions: secret.versions.map((version) => ({
      ...version,
      stages: version.stages.filter((other) => other !== stage),
    })),
  };
}

/** The secret without that version, unless a stage holds it. */
export function dropUnstaged(secret: Secret, id: string): Secret {
  return { ...secret, versions: secret.versions.filter((version) => version.id !== id || version.stages.length > 0) };
}

/** The secret with one version changed. */
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

/** Forgets the oldest deprecated versions. The service waits a day before it does; a local run may rotate every few seconds. */
function prune(secret: Secret): Secret {
  const excess = secret.versions.length - MAX_VERSIONS;
  if (excess <= 0) return secret;
  const deprecated = new Set(secret.versions.filter((version) => version.stages.length === 0).slice(0, excess));
  return { ...secret, versions: secret.versions.filter((version) => !deprecated.has(version)) };
}
