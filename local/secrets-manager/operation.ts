import * as v from 'valibot';
import { ServiceError } from './errors.ts';
import type { Rotator } from './rotation/rotator.ts';
import type { Secrets } from './secrets.ts';

/** The state and the request data that an operation uses. */
export interface Context {
  secrets: Secrets;
  rotator: Rotator;
  /** The time of the request in epoch milliseconds. */
  now: number;
  /** The region in the client's signature. */
  region: string;
}

/** An operation of the service: returns the response's body, or throws ServiceError. */
export type Operation = (body: unknown, context: Context) => object | Promise<object>;

/** Returns an operation that validates the request before it runs. */
export function operation<Input extends v.GenericSchema>(
  input: Input,
  run: (request: v.InferOutput<Input>, context: Context) => object | Promise<object>,
): Operation {
  return (body, context) => {
    const request = v.safeParse(input, body);
    if (!request.success) throw validationError(request.issues);
    return run(request.output, context);
  };
}

type Issue = v.BaseIssue<unknown>;

function validationError(issues: readonly Issue[]): ServiceError {
  if (issues.some((issue) => isTypeError(issue) && issue.input !== undefined)) {
    return new ServiceError('SerializationException', 'A member of the request has another type than expected.');
  }
  // The service also shows the value of a member that is not sensitive.
  const parts = issues.map((issue) => `Value at '${member(issue)}' failed to satisfy constraint: ${constraint(issue)}`);
  const count = `${parts.length} validation error${parts.length === 1 ? '' : 's'} detected`;
  return new ServiceError('ValidationException', `${count}: ${parts.join('; ')}`);
}

function isTypeError({ kind, type }: Issue): boolean {
  return (kind === 'schema' && type !== 'picklist') || type === 'integer';
}

function member({ path }: Issue): string {
  const [top = '', ...below] =
    path?.map(({ key }) => (typeof key === 'number' ? `${key + 1}.member` : String(key))) ?? [];
  return [top.charAt(0).toLowerCase() + top.slice(1), ...below].join('.');
}

const constraints: Partial<Record<string, string>> = {
  min_length: 'Member must have length greater than or equal to ',
  max_length: 'Member must have length less than or equal to ',
  min_value: 'Member must have value greater than or equal to ',
  max_value: 'Member must have value less than or equal to ',
  regex: 'Member must satisfy regular expression pattern: ',
};

function constraint({ type, input, expected, requirement }: Issue): string {
  if (input === undefined) return 'Member must not be null';
  if (type === 'picklist')
    return `Member must satisfy enum value set: [${expected?.replaceAll(/[()"]/g, '').replaceAll(' | ', ', ')}]`;
  const text = constraints[type];
  return text === undefined ? 'Member must be valid' : text + String(requirement);
}
