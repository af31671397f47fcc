import * as v from 'valibot';
import { timestamp } from '../describe.ts';
import { ServiceError } from '../errors.ts';
import { SecretId, VersionId, VersionStage } from '../fields.ts';
import { operation } from '../operation.ts';
import { CURRENT, type Secret, type Version, replaceVersion, versionAt, versionById } from '../secret.ts';

const DAY = 86_400_000;

const Request = v.object({
  SecretId,
  VersionId: v.optional(VersionId),
  VersionStage: v.optional(VersionStage),
});

/** Reads the value of a version, named by its id or its stage; by default the current one. */
export const getSecretValue = operation(Request, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const version = chosen(secret, request);
  const today = now - (now % DAY);
  if (version.accessedOn !== today) {
    const read = replaceVersion(secret, version.id, () => ({ ...version, accessedOn: today }));
    await secrets.save({ ...read, accessedOn: today });
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    ...version.value,
    VersionStages: version.stages,
    CreatedDate: timestamp(version.createdAt),
  };
});

function chosen(secret: Secret, request: v.InferOutput<typeof Request>): Version {
  const { VersionId: id, VersionStage: stage = CURRENT } = request;
  const version = id === undefined ? versionAt(secret, stage) : versionById(secret, id);
  if (version?.value === undefined) {
    const which = id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`;
    throw new ServiceError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${which}`,
    );
  }
  if (id !== undefined && request.VersionStage !== undefined && !version.stages.includes(stage)) {
    throw new ServiceError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  }
  return version;
}
