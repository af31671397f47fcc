import * as z from 'zod/mini';
import { ServiceError } from './errors.ts';

/** A secret's name or ARN. */
export const SecretId = z.string().check(z.minLength(1), z.maxLength(2048));

/** A new secret's name. */
export const Name = z.string().check(z.minLength(1), z.maxLength(512), z.regex(/^[A-Za-z0-9/_+=.@-]+$/));

/** The id that a client gives the version it wants, so that a repeated request does not make another. */
export const ClientRequestToken = z.string().check(z.minLength(32), z.maxLength(64));

/** A version's id. */
export const VersionId = z.string().check(z.minLength(32), z.maxLength(64));

/** A staging label. */
export const VersionStage = z.string().check(z.minLength(1), z.maxLength(256));

/** A secret's description. */
export const Description = z.string().check(z.maxLength(2048));

/** An encryption key's id; kept and shown, never used. */
export const KmsKeyId = z.string().check(z.maxLength(2048));

/** A secret's tags. */
export const Tags = z.array(
  z.object({
    Key: z.string().check(z.minLength(1), z.maxLength(128)),
    Value: z.string().check(z.maxLength(256)),
  }),
);

/** The members that carry a new value; `valueIn` checks their size and that there is one only. */
export const valueFields = {
  SecretString: z.optional(z.string().check(z.minLength(1))),
  SecretBinary: z.optional(z.string().check(z.minLength(1), z.regex(/^[A-Za-z0-9+/]+={0,2}$/))),
};

/** The members that page through a list. */
export const pageFields = {
  MaxResults: z.optional(z.int().check(z.gte(1), z.lte(100))),
  NextToken: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
};

/** The token of a request that makes a version. SDKs add one by themselves; without one, throws InvalidParameterException. */
export function requestToken(request: { ClientRequestToken?: string | undefined }): string {
  if (request.ClientRequestToken !== undefined) return request.ClientRequestToken;
  throw new ServiceError(
    'InvalidParameterException',
    'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
  );
}
