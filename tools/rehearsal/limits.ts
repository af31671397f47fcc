import type { Resource } from './templates.ts';

/** Resources that the emulator does not make as they are. */
export interface Limit {
  /** What is said of them in the transcript. */
  about: string;
  matches: (resource: Resource) => boolean;
  /** What the emulator makes in their place; undefined: nothing. */
  instead: (resource: Resource) => Resource | undefined;
  /** Who does their work then. */
  substitute: string;
}

/** What MiniStack does not make. Each rehearsal asks it again, so that a limit which is gone is noticed. */
export const limits: readonly Limit[] = [
  {
    about: 'schedules of rotations',
    matches: ({ Type }) => Type === 'AWS::SecretsManager::RotationSchedule',
    instead: () => undefined,
    substitute: 'the rehearsal’s own rotation, which is told of each by RotateSecret',
  },
  {
    about: 'alarms that calculate',
    matches: ({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && Properties['Metrics'] !== undefined,
    instead: ({ Properties: { Metrics, ...rest }, ...resource }) => ({
      ...resource,
      Properties: { ...rest, ...firstMetric(Metrics) },
    }),
    substitute: 'an alarm about the first of its metrics',
  },
];

interface Calculated {
  MetricStat?: { Metric: Record<string, unknown>; Period: number; Stat: string };
}

function firstMetric(metrics: unknown): Record<string, unknown> {
  const stat = (metrics as Calculated[]).find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat; // As CloudFormation has it.
  return { ...stat?.Metric, Period: stat?.Period, Statistic: stat?.Stat };
}
