import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
import { SecretId } from '../fields.ts';
import { operation } from '../operation.ts';
import { unfinished } from '../rotation/unfinished.ts';

/** Turns rotation off, and calls off one that is running; its AWSPENDING version stays for the caller to judge. */
export const cancelRotateSecret = operation(v.object({ SecretId }), async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  if (secret.rotation === undefined) {
    throw new ServiceError(
      'InvalidRequestException',
      "You can't cancel rotation: it isn't configured for this secret.",
    );
  }
  const { underway: _, ...rotation } = secret.rotation;
  await secrets.save({ ...secret, changedAt: now, rotation: { ...rotation, enabled: false } });
  return { ARN: secret.arn, Name: secret.name, VersionId: unfinished(secret)?.id };
});
