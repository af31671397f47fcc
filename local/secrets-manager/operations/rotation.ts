import * as v from 'valibot';
import { invalidRequest } from '../errors.ts';
import { fields, requestToken } from '../fields.ts';
import { operation } from '../operation.ts';
import { checkRules, RotationRules, type Rotation } from '../rotation/rotation.ts';
import { type Secret, unfinished, versionById } from '../secret.ts';

const RotateRequest = v.object({
  SecretId: fields.SecretId,
  ClientRequestToken: v.optional(fields.VersionId),
  RotationLambdaARN: v.optional(v.pipe(v.string(), v.maxLength(2048))),
  RotationRules: v.optional(RotationRules),
  RotateImmediately: v.optional(v.boolean()),
});

/** Turns rotation on and starts one, which continues after the response; without RotateImmediately, only tests the configuration. */
const RotateSecret = operation(RotateRequest, async (request, { secrets, rotator, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const token = requestToken(request);
  const response = { ARN: secret.arn, Name: secret.name, VersionId: token };
  if (versionById(secret, token) !== undefined) return response;

  const rotation = configure(secret, request, now);
  const earlier = unfinished(secret);
  if (earlier !== undefined) {
    if (secret.rotation?.enabled === true) {
      await rotator.begin(secret, secret.rotation.underway ?? { token: earlier.id, kind: 'rotation' });
    }
    throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
  }
  const kind = request.RotateImmediately === false ? 'trial' : 'rotation';
  await rotator.begin({ ...secret, rotation }, { token, kind });
  return response;
});

function configure(secret: Secret, request: v.InferOutput<typeof RotateRequest>, now: number): Rotation {
  const functionArn = request.RotationLambdaARN ?? secret.rotation?.functionArn;
  if (functionArn === undefined) {
    throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
  }
  const rules = request.RotationRules ?? secret.rotation?.rules;
  if (rules !== undefined) checkRules(rules);
  return { ...secret.rotation, functionArn, enabled: true, ...(rules !== undefined && { rules }), countsFrom: now };
}

/** Turns rotation off and cancels a running one, whose AWSPENDING version stays. */
const CancelRotateSecret = operation(v.object({ SecretId: fields.SecretId }), async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  if (secret.rotation === undefined) {
    throw invalidRequest("You can't cancel rotation: it isn't configured for this secret.");
  }
  const { underway: _, ...rotation } = secret.rotation;
  await secrets.save({ ...secret, changedAt: now, rotation: { ...rotation, enabled: false } });
  return { ARN: secret.arn, Name: secret.name, VersionId: unfinished(secret)?.id };
});

/** The operations on rotations. */
export const rotationOperations = { RotateSecret, CancelRotateSecret };
