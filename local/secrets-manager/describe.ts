import type { Secret } from './secret.ts';

/** The protocol's timestamp: epoch seconds. */
export const timestamp = (milliseconds: number): number => milliseconds / 1000;

/** What the service tells about a secret; only the name of the member with the staged versions differs between the operations. */
export function describe(
  secret: Secret,
  stagesMember: 'VersionIdsToStages' | 'SecretVersionsToStages',
): Record<string, unknown> {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: timestamp(secret.createdAt),
    LastChangedDate: timestamp(secret.changedAt),
    LastAccessedDate: secret.accessedOn === undefined ? undefined : timestamp(secret.accessedOn),
    DeletedDate: secret.deletesAt === undefined ? undefined : timestamp(secret.deletesAt),
    Tags: secret.tags,
    [stagesMember]: versionStages(secret),
  };
}

/** The member is absent, rather than empty, when no version has a stage. */
function versionStages(secret: Secret): Record<string, string[]> | undefined {
  const staged = secret.versions.filter((version) => version.stages.length > 0);
  return staged.length === 0 ? undefined : Object.fromEntries(staged.map(({ id, stages }) => [id, stages]));
}
