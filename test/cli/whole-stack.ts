import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { deployedIntervals } from '#local/jobs.ts';
import { startGateway } from '../gateway.ts';
import { runCommand, stackFolder, type RunOptions } from './local-stack.ts';

/** A local stack that rotates its secrets, for one test file. */
export type WholeStack = Awaited<ReturnType<typeof startWholeStack>>;

/** Starts the stack and its schedules on free ports. */
export async function startWholeStack() {
  const gateway = await startGateway();
  const { startSchedules } = await import('#local/schedules.ts');
  const schedules = await startSchedules(deployedIntervals, true);
  const client = new SecretsManagerClient({ endpoint: gateway.file.secretsManager });
  const data = await stackFolder(gateway.file);
  const stack = {
    gateway,
    client,
    /** The state folder with `stack.json`. */
    data,
    /** Runs `secrets …` for the stack in this process. */
    secrets: (command: string, options?: RunOptions) =>
      runCommand(['secrets', ...command.split(' '), '--data', data], options),
    /** Reads the text of a secret's value. */
    async textOf(name: SecretName) {
      const command = new GetSecretValueCommand({ SecretId: secretFullName('local', name) });
      return (await client.send(command)).SecretString ?? '';
    },
    async put(name: SecretName, value: unknown) {
      const SecretId = secretFullName('local', name);
      await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
    },
    /** Reads the labels of each version. */
    async stages(name: SecretName) {
      const command = new DescribeSecretCommand({ SecretId: secretFullName('local', name) });
      return (await client.send(command)).VersionIdsToStages ?? {};
    },
    async close() {
      client.destroy();
      await schedules.close();
      await gateway.close();
      await rm(data, { recursive: true });
    },
  };
  await eventually(async () => {
    const pending = await Promise.all((['manage-token', 'sealing-keys'] as const).map((name) => stack.stages(name)));
    // Secrets Manager tests a rotation when it is configured.
    return !JSON.stringify(pending).includes('AWSPENDING');
  });
  return stack;
}

/** Polls until the condition is true. Throws after a bounded number of polls. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < 2_000; poll++) {
    if (await condition()) return;
    await setTimeout(5);
  }
  throw new Error('the condition never became true');
}
