import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
import { ClientRequestToken, SecretId, VersionStage, requestToken, valueFields } from '../fields.ts';
import { operation } from '../operation.ts';
import { CURRENT, putVersion, versionById } from '../secret.ts';
import { valueIn } from '../value.ts';

const Request = v.object({
  SecretId,
  ClientRequestToken: v.optional(ClientRequestToken),
  VersionStages: v.optional(v.pipe(v.array(VersionStage), v.minLength(1), v.maxLength(20))),
  ...valueFields,
});

/** Stores a value as a new version, or as the empty one that a rotation made, and moves stages to it. */
export const putSecretValue = operation(Request, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const token = requestToken(request);
  const value = valueIn(request);
  if (value === undefined) {
    throw new ServiceError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
  }
  const next = putVersion(secret, token, value, request.VersionStages ?? [CURRENT], now);
  if (next !== secret) await secrets.save({ ...next, changedAt: now });
  return {
    ARN: next.arn,
    Name: next.name,
    VersionId: token,
    VersionStages: versionById(next, token)?.stages ?? [],
  };
});
