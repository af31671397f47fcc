import * as v from 'valibot';
import { ClientRequestToken, Description, KmsKeyId, SecretId, requestToken, valueFields } from '../fields.ts';
import { operation } from '../operation.ts';
import { CURRENT, putVersion } from '../secret.ts';
import { valueIn } from '../value.ts';

const Request = v.object({
  SecretId,
  ClientRequestToken: v.optional(ClientRequestToken),
  Description: v.optional(Description),
  KmsKeyId: v.optional(KmsKeyId),
  ...valueFields,
});

/** Changes a secret's description and key; a value becomes the new current version. */
export const updateSecret = operation(Request, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const value = valueIn(request);
  const token = value === undefined ? undefined : requestToken(request);
  const next = token === undefined || value === undefined ? secret : putVersion(secret, token, value, [CURRENT], now);
  await secrets.save({
    ...next,
    ...(request.Description !== undefined && { description: request.Description }),
    ...(request.KmsKeyId !== undefined && { kmsKeyId: request.KmsKeyId }),
    changedAt: now,
  });
  return { ARN: next.arn, Name: next.name, VersionId: token };
});
