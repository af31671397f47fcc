import type { MediaType } from '../budgea/wire.ts';
import type { CallerKind, OperationId } from '../operations/table.ts';
import recorded from './examples.json' with { type: 'json' };

/** A value of a field, as a request carries it. */
type FieldValue = string | number | boolean;

/** Named values of a request. */
export type Values = Readonly<Record<string, FieldValue>>;

/** One call of a real run; secrets in it, and what differs from run to run, are replaced by what is plainly made up. */
export interface Example {
  operation: OperationId;
  method: string;
  /** What it shows; the same for the same call in other media types. */
  name: string;
  /** The same in words. */
  summary: string;
  caller: CallerKind;
  request: {
    path: Values;
    query: Values;
    headers: Readonly<Record<string, string>>;
    /** Only with a body. */
    mediaType?: MediaType;
    fields: Values;
  };
  answer: {
    status: number;
    /** Only with a body. */
    mediaType?: string;
    location?: string;
    body?: unknown;
  };
}

/** All of them, in the order in which they were made: `npm run openapi` makes the file anew. */
export const examples = recorded as unknown as readonly Example[]; // Nothing else writes the file, and a test makes it again.
