/** A metric of a log line: the unit of the line's number of that name. */
export type Metrics = Readonly<Record<string, 'Count' | 'Milliseconds' | 'Seconds'>>;

/** Where CloudWatch keeps the gateway's metrics. */
export const namespace = 'BudgeaAuthGateway';

/**
 * Makes CloudWatch take numbers of a log line as metrics; `dimensions` and `metrics` name fields of the line. Source: CloudWatch, “Embedded
 * metric format specification”.
 */
export function embeddedMetrics(time: number, dimensions: readonly (readonly string[])[], metrics: Metrics): object {
  return {
    _aws: {
      Timestamp: time,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: dimensions,
          Metrics: Object.entries(metrics).map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
  };
}
