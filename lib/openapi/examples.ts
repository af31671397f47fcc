import type { MediaType } from '../budgea/specification.ts';
import type { CallerKind, OperationId } from '../operations/table.ts';
import recorded from './examples.json' with { type: 'json' };

/** Field values of a request, by name. */
export type Values = Readonly<Record<string, string | number | boolean>>;

/** A recorded call. Secrets, and values that differ between runs, are replaced by placeholders. */
export interface Example {
  operation: OperationId;
  method: string;
  /** Identifies the example; the same call in another media type has the same name. */
  name: string;
  /** Describes the example for people. */
  summary: string;
  caller: CallerKind;
  request: {
    path: Values;
    query: Values;
    headers: Readonly<Record<string, string>>;
    /** Absent without a body. */
    mediaType?: MediaType;
    fields: Values;
  };
  answer: {
    status: number;
    /** Absent without a body. */
    mediaType?: string;
    location?: string;
    body?: unknown;
  };
}

/** The recorded calls in order. `npm run openapi` records them again. */
export const examples = recorded as unknown as readonly Example[]; // The file is written from such values.
