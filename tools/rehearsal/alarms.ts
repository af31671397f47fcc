import {
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type CloudWatchClient,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { setTimeout as sleep } from 'node:timers/promises';

/** The alarms that were deployed, asked whether what they look at would ring them. */
export interface Alarms {
  /** Resolves with the number that rings the alarm. Throws when there is no such alarm or, for half a minute, no such number. */
  wouldRing(name: string): Promise<number>;
  /** Whether the alarm's numbers of the last hour would ring it. */
  isQuiet(name: string): Promise<boolean>;
}

const hour = 3_600_000;

/** Asks CloudWatch for the very metric of an alarm, as the emulator tells alarms of one metric from those of another by their names alone. */
export function openAlarms(client: CloudWatchClient, signal: AbortSignal): Alarms {
  async function describe(name: string): Promise<MetricAlarm> {
    const { MetricAlarms: [alarm] = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
    if (alarm === undefined) throw new Error(`there is no alarm ${name}`);
    return alarm;
  }

  async function ringing({
    Namespace,
    MetricName,
    Dimensions,
    Period,
    Statistic,
    Threshold = 0,
    ComparisonOperator,
  }: MetricAlarm) {
    if (Statistic === undefined || ComparisonOperator !== 'GreaterThanOrEqualToThreshold') {
      throw new Error(`only alarms about a sum or a maximum can be asked, and not ${MetricName}`);
    }
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace,
        MetricName,
        Dimensions,
        Period,
        Statistics: [Statistic],
        StartTime: new Date(Date.now() - hour),
        EndTime: new Date(Date.now() + 60_000),
      }),
    );
    return Datapoints.map((point) => point[Statistic as 'Sum' | 'Maximum'] ?? 0).find((value) => value >= Threshold);
  }

  return {
    async wouldRing(name) {
      const alarm = await describe(name);
      for (let tries = 0; tries < 60; tries++) {
        const value = await ringing(alarm);
        if (value !== undefined) return value;
        await sleep(500, undefined, { signal });
      }
      throw new Error(`nothing rings ${name}`);
    },
    isQuiet: async (name) => (await ringing(await describe(name))) === undefined,
  };
}
