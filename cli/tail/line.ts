import * as v from 'valibot';

/** What tail reads of a line of the functions' log; the other fields stay as they are. Times are ISO 8601, lengths milliseconds. */
const logLine = v.looseObject({
  time: v.string(),
  request_id: v.string(),
  outcome: v.string(),
  duration_ms: v.number(),
  /** Of a call, its row in the table of operations. */
  operation: v.optional(v.string()),
  status: v.optional(v.number()),
  kind: v.optional(v.string()),
  partner: v.optional(v.string()),
  upstream_ms: v.optional(v.number()),
  upstream_attempts: v.optional(v.number()),
  /** Of a run of a scheduled function, its row in the table of jobs. */
  job: v.optional(v.string()),
  step: v.optional(v.string()),
  /** Why, where it did not go well. */
  code: v.optional(v.string()),
  detail: v.optional(v.string()),
  cause: v.optional(v.string()),
});

/** A line of the functions' log: a call, or a run of a scheduled function. */
export type LogLine = v.InferOutput<typeof logLine>;

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
    const { _aws, ...line } = v.parse(logLine, JSON.parse(text));
    return line.operation === undefined && line.job === undefined ? undefined : line;
  } catch {
    return undefined;
  }
}
