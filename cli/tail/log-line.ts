import * as v from 'valibot';

/** The fields of a log line that `tail` reads; other fields pass unchanged. Times are ISO 8601, durations milliseconds. */
const logLine = v.looseObject({
  time: v.string(),
  request_id: v.string(),
  outcome: v.string(),
  duration_ms: v.number(),
  /** Of a call: its id in the table of operations. */
  operation: v.optional(v.string()),
  status: v.optional(v.number()),
  kind: v.optional(v.string()),
  partner: v.optional(v.string()),
  upstream_ms: v.optional(v.number()),
  upstream_attempts: v.optional(v.number()),
  /** Of a run of a scheduled function: its id in the table of jobs. */
  job: v.optional(v.string()),
  step: v.optional(v.string()),
  /** The reason of a failure. */
  code: v.optional(v.string()),
  detail: v.optional(v.string()),
  cause: v.optional(v.string()),
});

/** A line of the functions' log: a call, or a run of a scheduled function. */
export type LogLine = v.InferOutput<typeof logLine>;

/** How log lines are followed. */
export interface FollowOptions {
  /** The earliest time of a line, in milliseconds since the epoch. */
  since: number;
  /** Called when the source has answered for the first time. */
  onStart: () => void;
  /** Ends following. */
  signal: AbortSignal;
}

/** Parses a log line; undefined for lines of Lambda itself and of other programs. */
export function readLine(text: string): LogLine | undefined {
  try {
    // `_aws` is the metric format of CloudWatch.
    const { _aws, ...line } = v.parse(logLine, JSON.parse(text));
    return line.operation === undefined && line.job === undefined ? undefined : line;
  } catch {
    return undefined;
  }
}

/** A filter of log lines; a line must match all of its fields. */
export interface Filter {
  partner?: string;
  operation?: readonly string[];
  /** `404`, or a class such as `5xx`. */
  status?: string;
  /** Rejected calls, failed calls and failed runs of scheduled functions. */
  failed?: true;
}

/** Whether a line matches the filter. Runs of scheduled functions have no partner, operation or status. */
export function matches({ partner, operation, status, failed }: Filter, line: LogLine): boolean {
  const { lowest, highest } = statusRange(status);
  return (
    (partner === undefined || line.partner === partner) &&
    (operation === undefined || operation.includes(line.operation ?? '')) &&
    (status === undefined || (line.status !== undefined && line.status >= lowest && line.status <= highest)) &&
    (!failed || line.outcome !== 'success')
  );
}

/**
 * Returns the filter pattern that makes CloudWatch Logs send fewer lines; lines of Lambda itself are never sent. Source: CloudWatch Logs user
 * guide, “Filter pattern syntax”.
 */
export function filterPattern({ partner, status, failed }: Filter): string {
  const { lowest, highest } = statusRange(status);
  const terms = [
    '$.duration_ms >= 0',
    ...(partner === undefined ? [] : [`$.partner = "${partner}"`]),
    ...(status === undefined ? [] : [`$.status >= ${lowest}`, `$.status <= ${highest}`]),
    ...(failed ? ['$.outcome != "success"'] : []),
  ];
  return `{ ${terms.map((term) => `(${term})`).join(' && ')} }`;
}

function statusRange(status = '0'): { lowest: number; highest: number } {
  return { lowest: Number(status.replaceAll('x', '0')), highest: Number(status.replaceAll('x', '9')) };
}
