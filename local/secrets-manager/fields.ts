import * as v from 'valibot';
import { invalidParameter, ServiceError } from './errors.ts';
import type { SecretValue } from './secret.ts';

const text = (minimum: number, maximum: number) => v.pipe(v.string(), v.minLength(minimum), v.maxLength(maximum));

/** The fields of requests. */
export const fields = {
  /** A secret's name or ARN. */
  SecretId: text(1, 2048),
  /** A new secret's name. */
  Name: v.pipe(text(1, 512), v.regex(/^[A-Za-z0-9/_+=.@-]+$/)),
  /** The id of a version; also the id that a client chooses for a new one, which makes a repeated request idempotent. */
  VersionId: text(32, 64),
  VersionStage: text(1, 256),
  Description: text(0, 2048),
  /** Stored and returned, never used. */
  KmsKeyId: text(0, 2048),
  TagKey: text(1, 128),
  Tags: v.array(v.object({ Key: text(1, 128), Value: text(0, 256) })),
};

const MAX_VALUE_BYTES = 65_536;

/** The fields of a request that may store a value. */
export const valueFields = {
  ClientRequestToken: v.optional(fields.VersionId),
  SecretString: v.optional(v.pipe(v.string(), v.minLength(1))),
  SecretBinary: v.optional(v.pipe(v.string(), v.minLength(1), v.regex(/^[A-Za-z0-9+/]+={0,2}$/))),
};

/** The fields that page through a list. */
export const pageFields = {
  MaxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
  NextToken: v.optional(text(1, 4096)),
};

/** Returns the id of the version that a request creates. The SDKs add one; throws InvalidParameterException without it. */
export function requestToken({ ClientRequestToken }: { ClientRequestToken?: string | undefined }): string {
  if (ClientRequestToken !== undefined) return ClientRequestToken;
  throw invalidParameter('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
}

type ValueRequest = v.InferOutput<v.ObjectSchema<typeof valueFields, undefined>>;

/** Returns the version that a request creates, if it has a value. Throws ServiceError for two values, or one of more than 64 KiB. */
export function versionIn(request: ValueRequest): { id: string; value: SecretValue } | undefined {
  const value = valueIn(request);
  return value && { id: requestToken(request), value };
}

function valueIn({ SecretString, SecretBinary }: ValueRequest): SecretValue | undefined {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return sized({ SecretString }, 'secretString', Buffer.byteLength(SecretString));
  if (SecretBinary === undefined) return undefined;
  return sized({ SecretBinary }, 'secretBinary', Buffer.byteLength(SecretBinary, 'base64'));
}

function sized(value: SecretValue, member: string, bytes: number): SecretValue {
  if (bytes <= MAX_VALUE_BYTES) return value;
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${MAX_VALUE_BYTES}`,
  );
}

/** Converts epoch milliseconds to the protocol's timestamp, epoch seconds. */
export function timestamp(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
