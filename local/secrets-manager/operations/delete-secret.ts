import * as v from 'valibot';
import { timestamp } from '../describe.ts';
import { ServiceError } from '../errors.ts';
import { SecretId } from '../fields.ts';
import { type Context, operation } from '../operation.ts';

const DAY = 86_400_000;

const Request = v.object({
  SecretId,
  RecoveryWindowInDays: v.optional(v.pipe(v.number(), v.integer())),
  ForceDeleteWithoutRecovery: v.optional(v.boolean()),
});

/** Marks a secret for deletion at the end of a recovery window, or deletes it at once. */
export const deleteSecret = operation(Request, async (request, context) => {
  const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = request;
  if (force === true && days !== undefined) {
    throw invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  if (days !== undefined && (days < 7 || days > 30)) {
    throw invalid('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  return force === true ? deleteNow(request.SecretId, context) : deleteLater(request.SecretId, days ?? 30, context);
});

async function deleteLater(id: string, days: number, { secrets, now }: Context): Promise<object> {
  const secret = secrets.findLive(id);
  const deletesAt = now + days * DAY;
  await secrets.save({ ...secret, changedAt: now, deletesAt });
  return { ARN: secret.arn, Name: secret.name, DeletionDate: timestamp(deletesAt) };
}

/** Succeeds without a secret too, as the service does, so that whoever cleans up need not look first. */
async function deleteNow(id: string, { secrets, now }: Context): Promise<object> {
  const secret = secrets.lookUp(id);
  if (secret !== undefined) await secrets.remove(secret);
  return { ARN: secret?.arn, Name: secret?.name ?? id, DeletionDate: timestamp(now) };
}

const invalid = (message: string) => new ServiceError('InvalidParameterException', message);
