import { tableFullName } from '#lib/config/names.ts';
import { CliError } from './cli-error.ts';
import { missing, notAnswering, type Target } from './target.ts';

/** Returns the exit code of a command that failed with the error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  return wasInterrupted(error) ? 130 : 1;
}

/** Describes the error in a sentence or two, with the next action. */
export function describeError(error: unknown, target: Target): string {
  if (error instanceof CliError) return error.message;
  if (wasInterrupted(error)) return 'Interrupted; nothing was changed.';
  if (!(error instanceof Error)) return 'An unexpected value was thrown.';
  return describeAwsError(error, target) ?? describeConnectionError(error, target) ?? describeUnexpected(error);
}

type AwsErrorKind = 'no_credentials' | 'expired' | 'invalid_credentials' | 'denied' | 'not_found' | 'throttled';

const awsErrorKinds: ReadonlyMap<string, AwsErrorKind> = new Map([
  ['CredentialsProviderError', 'no_credentials'],
  ['TokenProviderError', 'no_credentials'],
  ['ExpiredTokenException', 'expired'],
  ['ExpiredToken', 'expired'],
  ['RequestExpired', 'expired'],
  ['UnrecognizedClientException', 'invalid_credentials'],
  ['InvalidClientTokenId', 'invalid_credentials'],
  ['InvalidSignatureException', 'invalid_credentials'],
  ['SignatureDoesNotMatch', 'invalid_credentials'],
  ['AccessDenied', 'denied'],
  ['AccessDeniedException', 'denied'],
  ['ResourceNotFoundException', 'not_found'],
  ['ThrottlingException', 'throttled'],
  ['ProvisionedThroughputExceededException', 'throttled'],
  ['ServiceUnavailableException', 'throttled'],
]);

/** Classifies an error of the AWS SDK; undefined for any other error. */
export function awsErrorKind(error: unknown): AwsErrorKind | 'no_region' | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.startsWith('Region is missing')) return 'no_region';
  const kind = awsErrorKinds.get(error.name);
  return kind === 'no_credentials' && /expired|sso login/i.test(error.message) ? 'expired' : kind;
}

function describeAwsError(error: Error, target: Target): string | undefined {
  switch (awsErrorKind(error)) {
    case 'no_credentials':
      return 'No usable AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for the environment’s account.';
    case 'expired':
      return 'The AWS session has expired or was not started. Log in, for example with "aws sso login", and try again.';
    case 'invalid_credentials':
      return 'AWS does not recognize these credentials. Check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION.';
    case 'denied':
      return `These AWS credentials do not allow this${deniedAction(error)}. Use a role that does, or check that --env matches the account.`;
    case 'not_found':
      return missing(`table ${tableFullName(target.environment)}`, target);
    case 'throttled':
      return 'AWS throttles requests at the moment. Try again in a minute.';
    case 'no_region':
      return 'No AWS region is set. Set AWS_REGION to the environment’s region, or set a region in the profile.';
    case undefined:
      return undefined;
  }
}

/** AWS names the principal, the action and the resource; the action is enough. */
function deniedAction({ message }: Error): string {
  const action = /to perform: ([\w:]+)/.exec(message)?.[1];
  return action === undefined ? '' : ` (${action})`;
}

const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']);

function describeConnectionError(error: Error, target: Target): string | undefined {
  if (!isConnectionError(error)) return undefined;
  return target.folder === undefined
    ? 'AWS cannot be reached. Check the network and AWS_REGION, then try again.'
    : notAnswering(target);
}

function isConnectionError(error: Error): boolean {
  return error.name === 'TimeoutError' || ('code' in error && connectionErrors.has(String(error.code)));
}

/** Whether the same request to AWS may succeed later: it was throttled, or AWS could not be reached. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isRetryable = '$retryable' in error && error.$retryable !== undefined;
  return isRetryable || isConnectionError(error) || awsErrorKind(error) === 'throttled';
}

/** An AWS service may quote the request: of its errors, only the name is printed. */
function describeUnexpected(error: Error): string {
  return '$fault' in error ? `AWS rejected the request: ${error.name}.` : `Unexpected error: ${error.message}`;
}

/** Ctrl-C at a prompt. */
function wasInterrupted(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortError');
}
