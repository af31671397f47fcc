import * as z from 'zod/mini';
import { ServiceError } from './errors.ts';
import type { Rotator } from './rotation/rotator.ts';
import type { Secrets } from './secrets.ts';

/** What an operation works with. */
export interface Context {
  secrets: Secrets;
  rotator: Rotator;
  /** The time of the request in epoch milliseconds. */
  now: number;
  /** The region that the client signed for. */
  region: string;
}

/** One operation of the service: from a request's body to the answer's, or a ServiceError. */
export type Operation = (body: unknown, context: Context) => object | Promise<object>;

/** Puts the check of the request's shape before an operation. */
export function operation<Input extends z.ZodMiniType>(
  input: Input,
  run: (request: z.output<Input>, context: Context) => object | Promise<object>,
): Operation {
  return (body, context) => {
    const request = z.safeParse(input, body, { reportInput: true });
    if (!request.success) throw refusal(request.error.issues);
    return run(request.data, context);
  };
}

function refusal(issues: z.core.$ZodIssue[]): ServiceError {
  if (issues.some((issue) => issue.code === 'invalid_type' && issue.input !== undefined)) {
    return new ServiceError('SerializationException', 'A member of the request has another type than expected.');
  }
  // The service shows the value too, except for the sensitive members. A local server has no reason to show any.
  const parts = issues.map((issue) => `Value at '${member(issue)}' failed to satisfy constraint: ${constraint(issue)}`);
  const count = `${parts.length} validation error${parts.length === 1 ? '' : 's'} detected`;
  return new ServiceError('ValidationException', `${count}: ${parts.join('; ')}`);
}

function member(issue: z.core.$ZodIssue): string {
  const [top = '', ...below] = issue.path.map((key) => (typeof key === 'number' ? `${key + 1}.member` : String(key)));
  return [top.charAt(0).toLowerCase() + top.slice(1), ...below].join('.');
}

function constraint(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return 'Member must not be null';
  if (issue.code === 'too_small')
    return `Member must have ${size(issue.origin)} greater than or equal to ${issue.minimum}`;
  if (issue.code === 'too_big') return `Member must have ${size(issue.origin)} less than or equal to ${issue.maximum}`;
  if (issue.code === 'invalid_value')
    return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
  if (issue.code === 'invalid_format') return `Member must satisfy regular expression pattern: ${issue.pattern ?? ''}`;
  return 'Member must be valid';
}

const size = (origin: string) => (origin === 'string' || origin === 'array' ? 'length' : 'value');
