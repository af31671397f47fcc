import { ApiError, TransportError } from '../budgea/authentication-api.ts';
import { GatewayError, JobError } from '../errors.ts';

/** What the log may know of an error. */
export interface ErrorDescription {
  detail?: string | undefined;
  cause?: string | undefined;
}

/** Our own words, and of anything else its name, its code and where it was thrown: other messages can quote a request. */
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
  return [error.name, ...code].map((word) => (readsAsName.test(word) ? word : 'unreadable')).join(' ');
}

/** What a server calls its error ends up here too: `ThrottlingException`, `ERR_INVALID_URL`. */
const readsAsName = /^(?:[A-Za-z]{1,60}|[A-Z][A-Z0-9_]{1,60})$/;

/** The stack's frames. The message before them can quote a request, and can even hold lines that look like frames. */
function whereThrown(error: unknown): string {
  const { message, stack = '' } = error instanceof Error ? error : { message: '' };
  const start = stack.indexOf(message);
  // A message that was changed later is not the one in the stack: nobody knows where that one ends.
  const frames = start === -1 ? '' : stack.slice(start + message.length);
  return frames
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
    .join(' | ');
}
