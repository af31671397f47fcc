import { functionArn, runByArn } from '#local/jobs.ts';
import type { Progress } from '../figures.ts';
import { countRequests, type Counts } from './counts.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { takeLogs, type LogLine } from './instance-logs.ts';
import { createRevoker, startSoakStack, type Revoker } from './stack.ts';

/** The size of a soak. */
export interface SoakOptions {
  /** The minimum number of calls; they continue until the last rotation. */
  calls: number;
  rotations: number;
  instances: number;
}

/** The observations of a soak; times are in milliseconds. */
export interface SoakResult extends Counts {
  callTimes: readonly number[];
  rotationTimes: readonly number[];
  /** Rotations that put their token into use. */
  promoted: number;
  /** Rotations after which the older tokens were revoked. */
  revocations: number;
  /** The duration of the calls after every instance was warm. */
  duration: number;
  /** The log lines of failed calls and rotation steps. */
  failures: readonly LogLine[];
}

/** Runs a soak. After `signal`, it ends with the observations so far. */
export async function soak(options: SoakOptions, { signal, report }: Progress): Promise<SoakResult> {
  const failedSteps: LogLine[] = [];
  takeLogs((line) => {
    if (line['outcome'] === 'failed') failedSteps.push(line);
  });
  const rotationTimes: number[] = [];
  let promoted = 0;
  let revocations = 0;
  let revoker: Revoker | undefined;

  report(`Starting the servers and ${options.instances} instances.`);
  const stack = await startSoakStack(options.instances, async (arn, event) => {
    await runByArn(arn, event);
    if (event.Step !== 'finishSecret') return;
    promoted += 1;
    // After every second rotation: a request makes two upstream calls, so that only one token may be revoked during a request.
    const revokes = promoted % 2 === 1;
    await revoker?.promoted(revokes);
    if (revokes) revocations += 1;
  });
  try {
    const counts = countRequests(stack, () => promoted);
    const fleet = startFleet(stack, signal);
    let startedAt = performance.now();
    try {
      await fleet.until(() => fleet.isWarm());
      startedAt = performance.now();
      report('All instances are warm. Rotating.');
      revoker = await createRevoker(stack.sandbox.url);
      await Promise.all([
        rotateRepeatedly(options.rotations, stack.rotationsEnded, rotationTimes, signal),
        reportProgress(options.calls, fleet, rotationTimes, { signal, report }),
      ]);
    } finally {
      await fleet.stop();
    }
    return {
      ...counts,
      promoted,
      revocations,
      callTimes: fleet.times,
      rotationTimes,
      duration: performance.now() - startedAt,
      failures: [...fleet.failures, ...failedSteps],
    };
  } finally {
    await stack.close();
  }
}

async function rotateRepeatedly(
  count: number,
  ended: () => Promise<void>,
  times: number[],
  signal: AbortSignal,
): Promise<void> {
  // These modules make AWS clients, which take their endpoint from the environment.
  const { RotateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  const { env } = await import('#lib/config/env.ts');
  const SecretId = env.secretId('manage-token');
  const RotationLambdaARN = functionArn('rotate-manage-token');
  while (times.length < count && !signal.aborted) {
    const startedAt = performance.now();
    await secretsManager.send(new RotateSecretCommand({ SecretId, RotationLambdaARN }));
    await ended();
    times.push(performance.now() - startedAt);
  }
}

/** Resolves after the minimum number of calls, or after `signal`. */
async function reportProgress(
  calls: number,
  { until, times, failures }: Fleet,
  rotationTimes: readonly number[],
  { signal, report }: Progress,
): Promise<void> {
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await until(() => times.length >= (calls * tenth) / 10);
    if (signal.aborted) return;
    report(`${times.length} calls, ${rotationTimes.length} rotations, ${failures.length} failures`);
  }
}
