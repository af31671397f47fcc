import * as v from 'valibot';
import { ServiceError } from './errors.ts';

/** A secret's name or ARN. */
export const SecretId = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));

/** A new secret's name. */
export const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(512), v.regex(/^[A-Za-z0-9/_+=.@-]+$/));

/** The id that a client gives the version it wants, so that a repeated request does not make another. */
export const ClientRequestToken = v.pipe(v.string(), v.minLength(32), v.maxLength(64));

/** A version's id. */
export const VersionId = v.pipe(v.string(), v.minLength(32), v.maxLength(64));

/** A staging label. */
export const VersionStage = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** A secret's description. */
export const Description = v.pipe(v.string(), v.maxLength(2048));

/** An encryption key's id; kept and shown, never used. */
export const KmsKeyId = v.pipe(v.string(), v.maxLength(2048));

/** A secret's tags. */
export const Tags = v.array(
  v.object({
    Key: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
    Value: v.pipe(v.string(), v.maxLength(256)),
  }),
);

/** The members that carry a new value; `valueIn` checks their size and that there is one only. */
export const valueFields = {
  SecretString: v.optional(v.pipe(v.string(), v.minLength(1))),
  SecretBinary: v.optional(v.pipe(v.string(), v.minLength(1), v.regex(/^[A-Za-z0-9+/]+={0,2}$/))),
};

/** The members that page through a list. */
export const pageFields = {
  MaxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
  NextToken: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4096))),
};

/** The token of a request that makes a version. SDKs add one by themselves; without one, throws InvalidParameterException. */
export function requestToken(request: { ClientRequestToken?: string | undefined }): string {
  if (request.ClientRequestToken !== undefined) return request.ClientRequestToken;
  throw new ServiceError(
    'InvalidParameterException',
    'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
  );
}
