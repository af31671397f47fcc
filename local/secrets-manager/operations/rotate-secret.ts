import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
import { ClientRequestToken, SecretId, requestToken } from '../fields.ts';
import { operation } from '../operation.ts';
import type { Rotation } from '../rotation/rotation.ts';
import { unfinished } from '../rotation/unfinished.ts';
import { RotationRules, checkRules } from '../rotation/rules.ts';
import { type Secret, versionById } from '../secret.ts';

const Request = v.object({
  SecretId,
  ClientRequestToken: v.optional(ClientRequestToken),
  RotationLambdaARN: v.optional(v.pipe(v.string(), v.maxLength(2048))),
  RotationRules: v.optional(RotationRules),
  RotateImmediately: v.optional(v.boolean()),
});

/** Turns rotation on and begins one, which goes on after the answer; or tries the configuration and waits for the schedule. */
export const rotateSecret = operation(Request, async (request, { secrets, rotator, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const token = requestToken(request);
  const answer = { ARN: secret.arn, Name: secret.name, VersionId: token };
  if (versionById(secret, token) !== undefined) return answer;

  const rotation = configure(secret, request, now);
  const earlier = unfinished(secret);
  if (earlier !== undefined) {
    if (secret.rotation?.enabled === true) {
      await rotator.begin(secret, secret.rotation.underway ?? { token: earlier.id, kind: 'rotation' });
    }
    throw new ServiceError(
      'InvalidRequestException',
      "A previous rotation isn't complete. That rotation will be reattempted.",
    );
  }
  const kind = request.RotateImmediately === false ? 'trial' : 'rotation';
  await rotator.begin({ ...secret, rotation }, { token, kind });
  return answer;
});

function configure(secret: Secret, request: v.InferOutput<typeof Request>, now: number): Rotation {
  const functionArn = request.RotationLambdaARN ?? secret.rotation?.functionArn;
  if (functionArn === undefined) {
    throw new ServiceError(
      'InvalidRequestException',
      'No Lambda rotation function ARN is associated with this secret.',
    );
  }
  const rules = request.RotationRules ?? secret.rotation?.rules;
  if (rules !== undefined) checkRules(rules);
  return { ...secret.rotation, functionArn, enabled: true, ...(rules !== undefined && { rules }), countsFrom: now };
}
