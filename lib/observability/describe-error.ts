import { ApiError, TransportError } from '../budgea/authentication-api.ts';
import { GatewayError, JobError } from '../errors.ts';

/** The description of an error in a log line. */
export interface ErrorDescription {
  detail?: string | undefined;
  cause?: string | undefined;
}

/** Returns the message of the gateway's own errors, and the name, code and stack frames of others, whose messages can quote a request. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof GatewayError) return { detail: error.detail, cause: nameOf(error.cause) };
  if (error instanceof JobError || error instanceof TransportError || error instanceof ApiError) {
    return { detail: error.message };
  }
  return { detail: 'an unexpected error', cause: `${nameOf(error)} ${whereThrown(error)}` };
}

function nameOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof Error)) return typeof error;
  if (error instanceof ApiError || error instanceof TransportError) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  return [error.name, ...code].map((word) => (namePattern.test(word) ? word : 'unreadable')).join(' ');
}

/** The form of an error's name or code, such as `ThrottlingException` or `ERR_INVALID_URL`. A server can choose either. */
const namePattern = /^(?:[A-Za-z]{1,60}|[A-Z][A-Z0-9_]{1,60})$/;

/** Returns the stack's frames without the message, which can quote a request and contain lines that look like frames. */
function whereThrown(error: unknown): string {
  const { message, stack = '' } = error instanceof Error ? error : { message: '' };
  const start = stack.indexOf(message);
  // If the message was changed later, the end of the original one in the stack is unknown.
  const frames = start === -1 ? '' : stack.slice(start + message.length);
  return frames
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
    .join(' | ');
}
