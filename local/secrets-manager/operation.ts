import * as v from 'valibot';
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
export function operation<Input extends v.GenericSchema>(
  input: Input,
  run: (request: v.InferOutput<Input>, context: Context) => object | Promise<object>,
): Operation {
  return (body, context) => {
    const request = v.safeParse(input, body);
    if (!request.success) throw refusal(request.issues);
    return run(request.output, context);
  };
}

type Issue = v.BaseIssue<unknown>;

function refusal(issues: readonly Issue[]): ServiceError {
  if (issues.some((issue) => isOfAnotherType(issue) && issue.input !== undefined)) {
    return new ServiceError('SerializationException', 'A member of the request has another type than expected.');
  }
  // The service shows the value too, except for the sensitive members. A local server has no reason to show any.
  const parts = issues.map((issue) => `Value at '${member(issue)}' failed to satisfy constraint: ${constraint(issue)}`);
  const count = `${parts.length} validation error${parts.length === 1 ? '' : 's'} detected`;
  return new ServiceError('ValidationException', `${count}: ${parts.join('; ')}`);
}

function isOfAnotherType({ kind, type }: Issue): boolean {
  return (kind === 'schema' && type !== 'picklist') || type === 'integer';
}

function member({ path }: Issue): string {
  const [top = '', ...below] =
    path?.map(({ key }) => (typeof key === 'number' ? `${key + 1}.member` : String(key))) ?? [];
  return [top.charAt(0).toLowerCase() + top.slice(1), ...below].join('.');
}

function constraint({ type, input, expected, requirement }: Issue): string {
  if (input === undefined) return 'Member must not be null';
  switch (type) {
    case 'min_length':
      return `Member must have length greater than or equal to ${String(requirement)}`;
    case 'max_length':
      return `Member must have length less than or equal to ${String(requirement)}`;
    case 'min_value':
      return `Member must have value greater than or equal to ${String(requirement)}`;
    case 'max_value':
      return `Member must have value less than or equal to ${String(requirement)}`;
    case 'regex':
      return `Member must satisfy regular expression pattern: ${String(requirement)}`;
    case 'picklist':
      return `Member must satisfy enum value set: [${expected?.replaceAll(/[()"]/g, '').replaceAll(' | ', ', ')}]`;
    default:
      return 'Member must be valid';
  }
}
