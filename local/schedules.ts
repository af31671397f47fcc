import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { SecretName } from '#lib/operations/table.ts';
import { describeSecret } from '#lib/rotation/secret-versions.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { secretFullName } from '#lib/config/names.ts';
import { functionArn, runJob, type Intervals } from './jobs.ts';

const watchInterval = 5 * 60_000;

/** The running schedules. */
export interface Schedules {
  /** Resolves when all jobs have ended. */
  close(): Promise<void>;
}

/**
 * Runs the schedules of a deployed environment: the rotations (unless the secrets are at another endpoint), the fetch of the certificates
 * (now and at each interval) and the watch. The stack must be running.
 */
export async function startSchedules({ fetch }: Intervals, rotations: boolean): Promise<Schedules> {
  if (rotations) {
    await Promise.all([
      scheduleRotation('manage-token', 'rotate-manage-token', 'rate(4 hours)'),
      scheduleRotation('sealing-keys', 'rotate-sealing-key', 'rate(1 day)'),
    ]);
  }
  const running = new Set<Promise<void>>();
  const run = (name: string): void => {
    // A job logs its own failures.
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

/** Configures the rotation of a secret if it has none, without rotating it. */
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
