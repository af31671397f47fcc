import * as v from 'valibot';
import { ApiError, TransportError } from './errors.ts';
import { specification, type OperationId } from './specification.ts';

/** An answer as it came over the wire; header names in lower case. */
export interface BudgeaResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** What an operation's success gives: an object, nothing, or a redirect's target. */
export type Result<Id extends OperationId> = (typeof specification)[Id]['response'] extends infer Shape
  ? Shape extends () => v.GenericSchema
    ? v.InferOutput<ReturnType<Shape>>
    : Shape extends 'redirect'
      ? string
      : undefined
  : never;

/**
 * Reads an operation's answer. Pure. Throws ApiError when the answer is not a success, TransportError `malformed` when a success is not
 * what the specification says.
 */
export function readResponse<Id extends OperationId>(operation: Id, response: BudgeaResponse): Result<Id>;
export function readResponse(operation: OperationId, { status, headers, body }: BudgeaResponse): unknown {
  const { response: shape } = specification[operation];
  if (shape === 'redirect') {
    if (status >= 300 && status < 400 && headers['location'] !== undefined) return headers['location'];
  } else if (status >= 200 && status < 300) {
    if (shape === 'empty') return undefined;
    const parsed = v.safeParse(shape(), body.trim() === '' ? undefined : (parseJson(body) ?? null));
    if (parsed.success) return parsed.output;
    throw malformed(operation, status);
  }
  if (status < 300) throw malformed(operation, status);
  throw new ApiError(operation, status, headers, parseJson(body) ?? body);
}

function malformed(operation: OperationId, status: number): TransportError {
  return new TransportError('malformed', `${operation} answered ${status} with something else than specified`, {
    sent: true,
  });
}

/** No answer of this API has so many levels; one that has far more can be read, and not be written again. */
const deepest = 100;

/** The value that a JSON text stands for, undefined when it is not JSON or too deep. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, deepest) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
