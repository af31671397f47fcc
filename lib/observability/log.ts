/** Writes one JSON line to standard error, where Lambda and the local stack collect logs. */
export function logLine(line: Readonly<Record<string, unknown>>): void {
  logText(JSON.stringify(line));
}

/** As {@link logLine}, of what is JSON already. */
export function logText(json: string): void {
  process.stderr.write(`${json}\n`);
}

/** Metrics of a log line: the unit of the line's number of each name. */
export type Metrics = Readonly<Record<string, 'Count' | 'Milliseconds' | 'Seconds'>>;

/** Writes a log line with its metrics, which are of `time`, in milliseconds since the epoch. */
export type LogMetrics = (time: number, line: Readonly<Record<string, unknown>>) => void;

/** Where CloudWatch keeps the gateway's metrics. */
export const namespace = 'BudgeaAuthGateway';

/**
 * Makes the writer of lines of which CloudWatch takes numbers as metrics; `dimensions` and `metrics` name fields of the line. What describes
 * them is half of a line and is written here, once for all lines. Source: CloudWatch, “Embedded metric format specification”.
 */
export function metricsLog(dimensions: readonly (readonly string[])[], metrics: Metrics): LogMetrics {
  const description = JSON.stringify([
    {
      Namespace: namespace,
      Dimensions: dimensions,
      Metrics: Object.entries(metrics).map(([Name, Unit]) => ({ Name, Unit })),
    },
  ]);
  return (time, line) => {
    const open = JSON.stringify(line).slice(0, -1);
    logText(`${open},"_aws":{"Timestamp":${time},"CloudWatchMetrics":${description}}}`);
  };
}

/** An object of the names, each with the same value. */
export function fillObject<T>(value: T, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
