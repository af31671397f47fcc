import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
import { SecretId, VersionId, VersionStage } from '../fields.ts';
import { operation } from '../operation.ts';
import { CURRENT, type Secret, detach, moveStage, versionAt, versionById } from '../secret.ts';

const Request = v.object({
  SecretId,
  VersionStage,
  MoveToVersionId: v.optional(VersionId),
  RemoveFromVersionId: v.optional(VersionId),
});

/** Moves a stage from the version that has it to another; attaches a new one; removes one. */
export const updateSecretVersionStage = operation(Request, async (request, { secrets, now }) => {
  const { VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = request;
  const secret = secrets.findLive(request.SecretId);
  for (const id of [to, from]) requireVersion(secret, id);
  requireHolder(secret, stage, to, from);
  if (to === undefined && stage === CURRENT) {
    throw invalid(
      `You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`,
    );
  }
  const next = to === undefined ? detach(secret, stage) : moveStage(secret, stage, to);
  if (next !== secret) await secrets.save({ ...next, changedAt: now });
  return { ARN: secret.arn, Name: secret.name };
});

function requireVersion(secret: Secret, id: string | undefined): void {
  if (id === undefined || versionById(secret, id) !== undefined) return;
  throw new ServiceError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret version: ${id}.`,
  );
}

/** Whoever takes a stage away from a version has to know which one: of two writers that moved it at once, one fails. */
function requireHolder(secret: Secret, stage: string, to: string | undefined, from: string | undefined): void {
  const holder = versionAt(secret, stage)?.id;
  if (from !== undefined && from !== holder) {
    throw invalid(
      `Staging label ${stage} isn't currently attached to version ${from}, which you named in RemoveFromVersionId.`,
    );
  }
  if (from !== undefined || holder === to) return;
  if (holder === undefined) return;
  throw invalid(
    `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
  );
}

const invalid = (message: string) => new ServiceError('InvalidParameterException', message);
