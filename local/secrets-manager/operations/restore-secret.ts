import * as v from 'valibot';
import { SecretId } from '../fields.ts';
import { operation } from '../operation.ts';

/** Takes back the mark for deletion. */
export const restoreSecret = operation(v.object({ SecretId }), async (request, { secrets, now }) => {
  const { deletesAt, ...secret } = secrets.find(request.SecretId);
  if (deletesAt !== undefined) await secrets.save({ ...secret, changedAt: now });
  return { ARN: secret.arn, Name: secret.name };
});
