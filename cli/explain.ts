import { Refusal } from './refusal.ts';
import { notAnswering, type Target } from './target.ts';

/** The exit code that goes with an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Refusal) return error.exitCode;
  return wasInterrupted(error) ? 130 : 1;
}

/** What went wrong with a command, in a sentence or two that say what to do about it. */
export function explain(error: unknown, target: Target): string {
  if (error instanceof Refusal) return error.message;
  if (wasInterrupted(error)) return 'Interrupted; nothing was changed.';
  if (!(error instanceof Error)) return 'Something unexpected was thrown.';
  return explainAws(error, target) ?? explainConnection(error, target) ?? unexpected(error);
}

function explainAws({ name, message }: Error, { environment, folder }: Target): string | undefined {
  switch (name) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return /expired|sso login/i.test(message)
        ? expired
        : 'No usable AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to those of the environment’s account.';
    case 'ExpiredTokenException':
    case 'ExpiredToken':
    case 'RequestExpired':
      return expired;
    case 'UnrecognizedClientException':
    case 'InvalidClientTokenId':
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
      return 'AWS does not know these credentials. Check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION.';
    case 'AccessDenied':
    case 'AccessDeniedException':
      return `These AWS credentials may not do this${missingPermission(message)}. Use a role that may, or check that --env and the account fit.`;
    case 'ResourceNotFoundException':
      return folder === undefined
        ? `There is no table ${environment}-gateway in this account and region. Check --env, AWS_PROFILE and AWS_REGION, or deploy the environment first.`
        : `The local stack of ${folder} has no table yet. Wait until it has started.`;
    case 'ThrottlingException':
    case 'ProvisionedThroughputExceededException':
    case 'ServiceUnavailableException':
      return 'AWS answers too many requests at the moment. Try again in a minute.';
    default:
      return message.startsWith('Region is missing')
        ? 'No AWS region is set. Set AWS_REGION to the environment’s region, or a region in the profile.'
        : undefined;
  }
}

const expired =
  'The AWS session has expired, or has not begun. Log in, with "aws sso login" for example, and try again.';

/** AWS says who may not do what on which resource; the action is enough. */
function missingPermission(message: string): string {
  const action = /to perform: ([\w:]+)/.exec(message)?.[1];
  return action === undefined ? '' : ` (${action})`;
}

/** Errors of AWS that pass by themselves. */
const throttled = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'ServiceUnavailableException',
]);

const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']);

function explainConnection(error: Error, target: Target): string | undefined {
  if (!isAboutConnection(error)) return undefined;
  if (target.folder !== undefined) return notAnswering(target);
  return 'AWS cannot be reached. Check the network and AWS_REGION, then try again.';
}

function isAboutConnection(error: Error): boolean {
  return error.name === 'TimeoutError' || ('code' in error && connectionErrors.has(String(error.code)));
}

/** Whether AWS refuses for the moment alone, or cannot be reached: what was asked may be asked again. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    isAboutConnection(error) || ('$retryable' in error && error.$retryable !== undefined) || throttled.has(error.name)
  );
}

/** A service may quote what it was sent: of its errors, the name is enough. */
function unexpected(error: Error): string {
  return '$fault' in error ? `AWS refused it: ${error.name}.` : `Something unexpected went wrong: ${error.message}`;
}

/** Ctrl-C at a prompt. */
function wasInterrupted(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortError');
}
