import type { Rotator } from './rotation/rotator.ts';
import type { Secret } from './secret.ts';

/** The protocol's timestamp: epoch seconds. Without a time there is no member either. */
export function timestamp(milliseconds: number): number;
export function timestamp(milliseconds: number | undefined): number | undefined;
export function timestamp(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** What the service tells about a secret; only the name of the member with the staged versions differs between the operations. */
export function describe(
  secret: Secret,
  stagesMember: 'VersionIdsToStages' | 'SecretVersionsToStages',
  rotator: Rotator,
): Record<string, unknown> {
  const { rotation } = secret;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: timestamp(secret.createdAt),
    LastChangedDate: timestamp(secret.changedAt),
    LastAccessedDate: timestamp(secret.accessedOn),
    DeletedDate: timestamp(secret.deletesAt),
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.functionArn,
    RotationRules: rotation?.rules,
    LastRotatedDate: timestamp(rotation?.lastRotatedAt),
    NextRotationDate: timestamp(rotator.dueAt(secret)),
    Tags: secret.tags,
    [stagesMember]: versionStages(secret),
  };
}

/** The member is absent, rather than empty, when no version has a stage. */
function versionStages(secret: Secret): Record<string, string[]> | undefined {
  const staged = secret.versions.filter((version) => version.stages.length > 0);
  return staged.length === 0 ? undefined : Object.fromEntries(staged.map(({ id, stages }) => [id, stages]));
}
