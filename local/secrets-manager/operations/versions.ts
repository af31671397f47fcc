import * as v from 'valibot';
import { invalidParameter, invalidRequest, ServiceError } from '../errors.ts';
import { fields, pageFields, timestamp, valueFields, versionIn } from '../fields.ts';
import { operation } from '../operation.ts';
import { page } from '../page.ts';
import { CURRENT, detach, moveStage, putVersion, replaceVersion, versionAt, versionById } from '../secret.ts';
import type { Secret, Version } from '../secret.ts';

const DAY = 86_400_000;

const GetRequest = v.object({
  SecretId: fields.SecretId,
  VersionId: v.optional(fields.VersionId),
  VersionStage: v.optional(fields.VersionStage),
});

/** Returns the value of a version, selected by its id or stage; by default the current one. */
const GetSecretValue = operation(GetRequest, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const version = selected(secret, request);
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

function selected(secret: Secret, request: v.InferOutput<typeof GetRequest>): Version {
  const { VersionId: id, VersionStage: stage = CURRENT } = request;
  const version = id === undefined ? versionAt(secret, stage) : versionById(secret, id);
  if (version?.value === undefined) {
    const which = id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`;
    throw notFound(`value for ${which}`);
  }
  if (id !== undefined && request.VersionStage !== undefined && !version.stages.includes(stage)) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  return version;
}

const PutRequest = v.object({
  SecretId: fields.SecretId,
  VersionStages: v.optional(v.pipe(v.array(fields.VersionStage), v.minLength(1), v.maxLength(20))),
  ...valueFields,
});

/** Stores a value as a new version, or in the empty version of a rotation, and moves the stages to it. */
const PutSecretValue = operation(PutRequest, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const version = versionIn(request);
  if (version === undefined) throw invalidRequest('You must provide either SecretString or SecretBinary.');
  const { id, value } = version;
  const next = putVersion(secret, id, value, request.VersionStages ?? [CURRENT], now);
  if (next !== secret) await secrets.save({ ...next, changedAt: now });
  return { ARN: next.arn, Name: next.name, VersionId: id, VersionStages: versionById(next, id)?.stages ?? [] };
});

const ListRequest = v.object({ SecretId: fields.SecretId, IncludeDeprecated: v.optional(v.boolean()), ...pageFields });

/** Lists a secret's versions by creation; those without a stage only on request. */
const ListSecretVersionIds = operation(ListRequest, (request, { secrets }) => {
  const secret = secrets.find(request.SecretId);
  const listed = secret.versions.filter(({ stages }) => request.IncludeDeprecated === true || stages.length > 0);
  const { items, NextToken } = page(listed, (version) => version.id, request);
  return {
    ARN: secret.arn,
    Name: secret.name,
    Versions: items.map((version) => ({
      VersionId: version.id,
      VersionStages: version.stages.length === 0 ? undefined : version.stages,
      CreatedDate: timestamp(version.createdAt),
      LastAccessedDate: timestamp(version.accessedOn),
      KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey'],
    })),
    NextToken,
  };
});

const MoveRequest = v.object({
  SecretId: fields.SecretId,
  VersionStage: fields.VersionStage,
  MoveToVersionId: v.optional(fields.VersionId),
  RemoveFromVersionId: v.optional(fields.VersionId),
});

/** Moves, attaches or removes a stage. */
const UpdateSecretVersionStage = operation(MoveRequest, async (request, { secrets, now }) => {
  const { VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = request;
  const secret = secrets.findLive(request.SecretId);
  for (const id of [to, from]) {
    if (id !== undefined && versionById(secret, id) === undefined) throw notFound(`version: ${id}.`);
  }
  requireHolder(secret, stage, to, from);
  if (to === undefined && stage === CURRENT) {
    throw invalidParameter(
      `You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`,
    );
  }
  const next = to === undefined ? detach(secret, stage) : moveStage(secret, stage, to);
  if (next !== secret) await secrets.save({ ...next, changedAt: now });
  return { ARN: secret.arn, Name: secret.name };
});

/** A request that takes a stage away must name the version that has it: of two concurrent requests, one fails. */
function requireHolder(secret: Secret, stage: string, to: string | undefined, from: string | undefined): void {
  const holder = versionAt(secret, stage)?.id;
  if (from !== undefined && from !== holder) {
    throw invalidParameter(
      `Staging label ${stage} isn't currently attached to version ${from}, which you named in RemoveFromVersionId.`,
    );
  }
  if (from !== undefined || holder === to || holder === undefined) return;
  throw invalidParameter(
    `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
  );
}

const notFound = (what: string) =>
  new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the specified secret ${what}`);

/** The operations on versions. */
export const versionOperations = { GetSecretValue, PutSecretValue, ListSecretVersionIds, UpdateSecretVersionStage };
