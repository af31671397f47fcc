import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { SecretName } from '#lib/operations/table.ts';
import { describeSecret } from '#lib/rotation/secret-versions.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { secretFullName } from '#lib/config/names.ts';
import type { Intervals } from './intervals.ts';
import { functionArn, runJob } from './jobs.ts';

const watchInterval = 5 * 60_000;

/** Schedules that run until they are closed. */
export interface Schedules {
  /** Resolves when no job is running any more. */
  close(): Promise<void>;
}

/**
 * Runs what a deployed environment runs on schedules: rotations, unless another endpoint has the secrets, the certificates' fetch (now and
 * then again) and the watch. The stack has to be up.
 */
export async function startSchedules(intervals: Intervals, rotations: boolean): Promise<Schedules> {
  if (rotations) await scheduleRotations();
  return startJobs(intervals);
}

/** Puts the rotations on their schedules, unless they are; nothing is rotated by that. */
async function scheduleRotations(): Promise<void> {
  await Promise.all([
    scheduleRotation('manage-token', 'rotate-manage-token', 'rate(4 hours)'),
    scheduleRotation('sealing-keys', 'rotate-sealing-key', 'rate(1 day)'),
  ]);
}

async function scheduleRotation(name: SecretName, rotation: string, schedule: string): Promise<void> {
  const SecretId = secretFullName('local', name);
  if ((await describeSecret(SecretId)).rotationEnabled) return;
  const command = new RotateSecretCommand({
    SecretId,
    RotationLambdaARN: functionArn(rotation),
    RotationRules: { ScheduleExpression: schedule },
    RotateImmediately: false,
  });
  await secretsManager.send(command);
}

function startJobs({ fetch }: Intervals): Schedules {
  const running = new Set<Promise<void>>();
  const run = (name: string): void => {
    // A job logs its failures itself; here they are nobody's concern.
    const ending = runJob(name)
      .catch(() => undefined)
      .finally(() => running.delete(ending));
    running.add(ending);
  };
  run('fetch-certificates');
  const timers = [
    setInterval(run, fetch, 'fetch-certificates').unref(),
    setInterval(run, watchInterval, 'watch').unref(),
  ];
  return {
    async close() {
      timers.forEach(clearInterval);
      await Promise.all(running);
    },
  };
}
