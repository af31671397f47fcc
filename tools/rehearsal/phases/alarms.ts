import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import {
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { resourceName } from '#infra/names.ts';
import { functionName } from '#lib/operations/table.ts';
import { type RehearsalContext } from '../context.ts';
import { ownerOf } from '../account.ts';
import type { Deployment } from './deploy.ts';
import type { Access } from './set-up.ts';

/** Provokes the errors of alarms that can fire only on AWS; `docs/runbook.md` provokes the others locally. Throws when an alarm would not fire. */
export async function checkAlarms(context: RehearsalContext, deployment: Deployment, access: Access): Promise<void> {
  await throttleFunction(context, deployment, access);
  await failJob(context, access);
  await loseRun(context, deployment);
}

/** `<function>-throttled`: a function without concurrency. */
async function throttleFunction(
  context: RehearsalContext,
  { gatewayUrl }: Deployment,
  { examples: { partner } }: Access,
): Promise<void> {
  const { cloud, phase, signal } = context;
  const name = resourceName(context.name, functionName('auth_init_post'));
  const call = async () => {
    const body = new URLSearchParams({ client_id: partner.client_id, client_secret: partner.client_secret });
    return (await fetch(`${gatewayUrl}/auth/init`, { method: 'POST', body, signal })).status;
  };
  await phase('Throttle a function', async (report) => {
    const alarm = await openAlarm(context, `${name}-throttled`);
    if ((await alarm.firingValue()) !== undefined) throw new Error(`${name}-throttled fires without a reason`);
    await cloud.reserveConcurrency(name, 0);
    const throttled = await call();
    await cloud.reserveConcurrency(name, undefined);
    if (throttled < 429) throw new Error(`a throttled function returns ${throttled}`);
    report(`${throttled} while throttled; ${name}-throttled: ${await alarm.waitUntilFiring()}`);
    const status = await call();
    if (status !== 200) throw new Error(`a function with concurrency returns ${status}`);
    report('200 afterwards');
  });
}

/** `<job>-failing` and `failed-runs`: a scheduled function that fails, and whose retries fail. */
async function failJob(context: RehearsalContext, { budgeaUrl }: Access): Promise<void> {
  const { settings, cloud, phase, signal } = context;
  const name = resourceName(context.name, functionName('fetch_certificates'));
  const failures = new URL('/_sandbox/failures', budgeaUrl);
  await phase('Fail a scheduled function', async (report) => {
    const queue = await openQueue(context, 'failed-runs');
    for (const type of settings.certificateTypes) {
      const body = new URLSearchParams({ answer: 'bug', path: `/certificate/${type}`, times: '1000' });
      await fetch(failures, { method: 'POST', body, signal });
    }
    const failed = await cloud.invoke(name, {}).then(
      () => false,
      () => true,
    );
    if (!failed) throw new Error(`${name} does not fail without Budgea`);
    report(`${name}-failing: ${await (await openAlarm(context, `${name}-failing`)).waitUntilFiring()}`);
    await cloud.invokeAsync(name, {});
    const { Body = '{}' } = (await queue.receive()) ?? {};
    await fetch(failures, { method: 'DELETE', signal });
    const { requestContext } = JSON.parse(Body) as { requestContext?: { functionArn: string } }; // Lambda's format.
    if (!requestContext?.functionArn.endsWith(`:${name}`)) throw new Error('the failed run is not in its queue');
    report(`failed-runs contains the run of ${name}`);
    await queue.purge();
    await cloud.invoke(name, {});
    report('it succeeds afterwards');
  });
}

/** `undelivered-runs`: the message of a schedule that cannot start its function, sent with the schedule's permissions. */
async function loseRun(context: RehearsalContext, { schedulers }: Deployment): Promise<void> {
  const { cloud, phase, emulator: endpoint, region } = context;
  await phase('Lose a scheduled run', async (report) => {
    const queue = await openQueue(context, 'undelivered-runs');
    for (const role of schedulers) {
      const sender = new SQSClient({ endpoint, region, credentials: await cloud.createUserLike(role, 'run') });
      const code = 'ResourceNotFoundException';
      const MessageAttributes = { ERROR_CODE: { DataType: 'String', StringValue: code } };
      await sender.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '{}', MessageAttributes }));
      const message = await queue.receive();
      if (message?.MessageAttributes?.['ERROR_CODE']?.StringValue !== code) {
        throw new Error('the undelivered run is not in its queue');
      }
      await queue.purge();
      report(`undelivered-runs accepts a message of ${role}`);
    }
  });
}

const clientOptions = ({ emulator, account, region }: RehearsalContext) => ({
  endpoint: emulator,
  region,
  credentials: ownerOf(account),
});

/** Opens a deployed alarm, to compare its metric with its threshold: the emulator's own alarms mix metrics that differ only in dimensions. */
async function openAlarm(context: RehearsalContext, name: string) {
  const client = new CloudWatchClient(clientOptions(context));
  const { MetricAlarms: [alarm] = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  const {
    Namespace,
    MetricName,
    Dimensions,
    Period,
    Statistic,
    Threshold = 0,
    ComparisonOperator,
  }: MetricAlarm = alarm ?? {};
  if (Statistic === undefined || ComparisonOperator !== 'GreaterThanOrEqualToThreshold') {
    throw new Error(`${name} is not an alarm on a sum or a maximum`);
  }

  /** The value of the last hour that would fire the alarm. */
  async function firingValue(): Promise<number | undefined> {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace,
        MetricName,
        Dimensions,
        Period,
        Statistics: Statistic && [Statistic],
        StartTime: new Date(Date.now() - 3_600_000),
        EndTime: new Date(Date.now() + 60_000),
      }),
    );
    return Datapoints.map((point) => point[Statistic as 'Sum' | 'Maximum'] ?? 0).find((value) => value >= Threshold);
  }

  return {
    firingValue,
    /** Waits up to half a minute for a value that would fire the alarm, and returns it. */
    async waitUntilFiring(): Promise<number> {
      for (let attempt = 0; attempt < 60; attempt += 1) {
        const value = await firingValue();
        if (value !== undefined) return value;
        await sleep(500, undefined, { signal: context.signal });
      }
      throw new Error(`${name} does not fire`);
    },
  };
}

/** Opens a dead-letter queue of the environment. */
async function openQueue(context: RehearsalContext, name: string) {
  const client = new SQSClient(clientOptions(context));
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: resourceName(context.name, name) }));
  return {
    url: QueueUrl,
    /** The first message, which stays in the queue; undefined when none arrives within half a minute. */
    async receive(): Promise<Message | undefined> {
      const options = { WaitTimeSeconds: 2, VisibilityTimeout: 0, MessageAttributeNames: ['All'] };
      for (let attempt = 0; attempt < 15; attempt += 1) {
        const { Messages: [message] = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...options }));
        if (message !== undefined) return message;
      }
      return undefined;
    },
    purge: async () => void (await client.send(new PurgeQueueCommand({ QueueUrl }))),
  };
}
