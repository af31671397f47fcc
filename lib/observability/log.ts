/** Writes a JSON line to standard error, from which Lambda and the local stack collect logs. */
export function logLine(line: Readonly<Record<string, unknown>>): void {
  write(JSON.stringify(line));
}

function write(json: string): void {
  process.stderr.write(`${json}\n`);
}

/** The units of a log line's metrics, by field. */
export type Metrics = Readonly<Record<string, 'Count' | 'Milliseconds' | 'Seconds'>>;

/** Writes a log line with metrics. `time` is in milliseconds since the epoch. */
export type LogMetrics = (time: number, line: Readonly<Record<string, unknown>>) => void;

/** The CloudWatch namespace of the gateway's metrics. */
export const namespace = 'BudgeaAuthGateway';

/**
 * Returns a writer of log lines with metrics. `dimensions` and `metrics` name fields of a line; their description is serialized once. Source:
 * CloudWatch, “Embedded metric format specification”.
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
    write(`${open},"_aws":{"Timestamp":${time},"CloudWatchMetrics":${description}}}`);
  };
}

/** Returns an object that has each name with the same value. */
export function fillObject<T>(value: T, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
