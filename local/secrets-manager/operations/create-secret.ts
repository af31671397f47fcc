import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
import { ClientRequestToken, Description, KmsKeyId, Name, Tags, requestToken, valueFields } from '../fields.ts';
import { type Context, operation } from '../operation.ts';
import { type Secret, putVersion, versionById } from '../secret.ts';
import { type SecretValue, sameValue, valueIn } from '../value.ts';

const Request = v.object({
  Name,
  ClientRequestToken: v.optional(ClientRequestToken),
  Description: v.optional(Description),
  KmsKeyId: v.optional(KmsKeyId),
  Tags: v.optional(Tags),
  ...valueFields,
});

/** Makes a secret, with a first version if there is a value. A repeated request is answered like the first one. */
export const createSecret = operation(Request, async (request, context) => {
  const value = valueIn(request);
  const token = value === undefined ? undefined : requestToken(request);
  const existing = context.secrets.lookUp(request.Name);
  if (existing !== undefined) return repeated(existing, token, value);

  const secret = newSecret(request, context);
  const saved = token === undefined || value === undefined ? secret : putVersion(secret, token, value, [], context.now);
  await context.secrets.save(saved);
  return { ARN: saved.arn, Name: saved.name, VersionId: token };
});

function repeated(existing: Secret, token: string | undefined, value: SecretValue | undefined): object {
  if (existing.deletesAt !== undefined) {
    throw new ServiceError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const made = token === undefined ? undefined : versionById(existing, token)?.value;
  if (made === undefined || value === undefined || !sameValue(made, value)) {
    throw new ServiceError(
      'ResourceExistsException',
      `The operation failed because the secret ${existing.name} already exists.`,
    );
  }
  return { ARN: existing.arn, Name: existing.name, VersionId: token };
}

function newSecret(request: v.InferOutput<typeof Request>, { now, region }: Context): Secret {
  return {
    arn: `arn:aws:secretsmanager:${region}:000000000000:secret:${request.Name}-${suffix()}`,
    name: request.Name,
    ...(request.Description !== undefined && { description: request.Description }),
    ...(request.KmsKeyId !== undefined && { kmsKeyId: request.KmsKeyId }),
    tags: request.Tags ?? [],
    createdAt: now,
    changedAt: now,
    versions: [],
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const suffix = () => Array.from({ length: 6 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
