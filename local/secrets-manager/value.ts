import { ServiceError } from './errors.ts';

/** What a version holds, in the protocol's own spelling; a binary value is base64. */
export type SecretValue = { SecretString: string } | { SecretBinary: string };

const MAX_BYTES = 65_536;

/** The value in a request, if there is one. Throws InvalidParameterException for two, ValidationException over 64 KiB. */
export function valueIn(request: {
  SecretString?: string | undefined;
  SecretBinary?: string | undefined;
}): SecretValue | undefined {
  const { SecretString, SecretBinary } = request;
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw new ServiceError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return sized({ SecretString }, 'secretString', Buffer.byteLength(SecretString));
  if (SecretBinary === undefined) return undefined;
  return sized({ SecretBinary }, 'secretBinary', Buffer.byteLength(SecretBinary, 'base64'));
}

/** Whether two versions hold the same. */
export function sameValue(one: SecretValue, other: SecretValue): boolean {
  if ('SecretString' in one) return 'SecretString' in other && one.SecretString === other.SecretString;
  return 'SecretBinary' in other && one.SecretBinary === other.SecretBinary;
}

function sized(value: SecretValue, member: string, bytes: number): SecretValue {
  if (bytes <= MAX_BYTES) return value;
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${MAX_BYTES}`,
  );
}
