import * as z from 'zod/mini';

/** What tail reads of a line of the functions' log; the other fields stay as they are. Times are ISO 8601, lengths milliseconds. */
const logLine = z.looseObject({
  time: z.string(),
  request_id: z.string(),
  outcome: z.string(),
  duration_ms: z.number(),
  /** Of a call, its row in the table of operations. */
  operation: z.optional(z.string()),
  status: z.optional(z.number()),
  kind: z.optional(z.string()),
  partner: z.optional(z.string()),
  upstream_ms: z.optional(z.number()),
  upstream_attempts: z.optional(z.number()),
  /** Of a run of a scheduled function, its row in the table of jobs. */
  job: z.optional(z.string()),
  step: z.optional(z.string()),
  /** Why, where it did not go well. */
  code: z.optional(z.string()),
  detail: z.optional(z.string()),
  cause: z.optional(z.string()),
});

/** A line of the functions' log: a call, or a run of a scheduled function. */
export type LogLine = z.output<typeof logLine>;

/** How lines are followed. */
export interface Following {
  /** From when on, in milliseconds since the epoch. */
  since: number;
  /** Hears that somebody answers. */
  begun: () => void;
  /** Ends it. */
  signal: AbortSignal;
}

/** Reads a line; undefined for what Lambda itself and other programs write. */
export function readLine(text: string): LogLine | undefined {
  try {
    // For CloudWatch alone.
    const { _aws, ...line } = logLine.parse(JSON.parse(text));
    return line.operation === undefined && line.job === undefined ? undefined : line;
  } catch {
    return undefined;
  }
}
