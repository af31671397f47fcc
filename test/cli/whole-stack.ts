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
import { deployedIntervals } from '#local/intervals.ts';
import { startGateway, type Gateway } from '../gateway.ts';
import { runHere, stackFolder, type Outcome, type RunOptions } from './local-stack.ts';

/** A whole stack that rotates its secrets, for one test file. */
export interface WholeStack {
  gateway: Gateway;
  client: SecretsManagerClient;
  /** The state folder, with its `stack.json`. */
  data: string;
  /** Runs `secrets …` against the stack, in this process. */
  secrets(command: string, options?: RunOptions): Promise<Outcome>;
  /** The text of a secret's value. */
  textOf(name: SecretName): Promise<string>;
  put(name: SecretName, value: unknown): Promise<void>;
  /** Each version's labels. */
  stages(name: SecretName): Promise<Record<string, string[]>>;
  close(): Promise<void>;
}

/** Starts the stack and its schedules on free ports. */
export async function startWholeStack(): Promise<WholeStack> {
  const gateway = await startGateway();
  const { startSchedules } = await import('#local/schedules.ts');
  const schedules = await startSchedules(deployedIntervals, true);
  const client = new SecretsManagerClient({ endpoint: gateway.file.secretsManager });
  const data = await stackFolder(gateway.file);
  const stack: WholeStack = {
    gateway,
    client,
    data,
    secrets: (command, options) => runHere(['secrets', ...command.split(' '), '--data', data], options),
    async textOf(name) {
      const command = new GetSecretValueCommand({ SecretId: secretFullName('local', name) });
      return (await client.send(command)).SecretString ?? '';
    },
    async put(name, value) {
      const SecretId = secretFullName('local', name);
      await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
    },
    async stages(name) {
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
    // The schedules are tried when they are set up.
    return !JSON.stringify(pending).includes('AWSPENDING');
  });
  return stack;
}

/** Looks until it is so, a bounded number of times. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 2_000; look++) {
    if (await isSo()) return;
    await setTimeout(5);
  }
  throw new Error('it never is so');
}
