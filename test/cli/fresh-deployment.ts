import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { CreateSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { vi } from 'vitest';
import { secretFullName, secretNames } from '#lib/config/names.ts';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import { basePath, type SecretName } from '#lib/operations/table.ts';
import { startApiGateway } from '#local/api-gateway/server.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { functionArn, runByArn } from '#local/jobs.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { runCommand, stackFolder, type RunOptions } from './local-stack.ts';

/** A gateway right after its deployment: an empty table, secrets without values, their rotations, and an API with all functions. */
export type FreshDeployment = Awaited<ReturnType<typeof startFreshDeployment>>;

const certificateTypes = ['qwac', 'qseal'];

/** Starts the gateway on free ports, in memory. */
export async function startFreshDeployment() {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const client = { client_id: randomInt(10_000_000, 100_000_000), client_secret: 'the-client-secret-of-the-contract' };
  const adminToken = 'the-admin-token-of-the-contract';
  const [secrets, tables] = await Promise.all([
    startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, invoke: runByArn, rotationRetryDelaysMs: [] }),
    startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId }),
  ]);
  const aws = { secretsManager: secrets.url, dynamodb: tables.url, aws: awsKey };
  useLocal(aws);
  const { createTable } = await import('#local/table.ts');
  const { loadRoutes } = await import('#local/routes.ts');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  const [routes] = await Promise.all([loadRoutes(), createTable()]);
  const api = await startApiGateway({ port: 0, routes });
  const gateway = api.url + basePath;
  const redirectUris = [`${gateway}/webauth/callback`];
  const sandbox = await startSandbox({ port: 0, client, adminToken, redirectUris, certificateTypes });
  useSettings({ budgea: sandbox.url, gateway, certificateTypes, rotationMinutes: 240 });
  for (const name of secretNames)
    await secretsManager.send(new CreateSecretCommand({ Name: secretFullName('local', name) }));
  await schedule('manage-token', 'rotate-manage-token', 'rate(4 hours)');
  await schedule('sealing-keys', 'rotate-sealing-key', 'rate(1 day)');
  await secrets.runDueRotations();
  const file = { gateway, sandbox: sandbox.url, ...aws, certificate_types: certificateTypes };
  const data = await stackFolder(file);
  return {
    /** The content of `stack.json`. */
    file,
    /** The credentials of the contract with Budgea. */
    client,
    adminToken,
    /** Runs a command for the gateway in this process. */
    gateway: (args: readonly string[], options?: RunOptions) => runCommand([...args, '--data', data], options),
    /** Rotates a secret, up to the rotation's end or first failure. */
    async rotate(name: SecretName) {
      await secretsManager.send(new RotateSecretCommand({ SecretId: secretFullName('local', name) }));
      await secrets.runDueRotations();
    },
    /** Returns the lines of the functions' log since the last call. */
    logs: () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>),
    async close() {
      await Promise.all([api, sandbox, secrets, tables].map((server) => server.close()));
      await rm(data, { recursive: true });
    },
  };

  async function schedule(name: SecretName, job: string, expression: string): Promise<void> {
    await secretsManager.send(
      new RotateSecretCommand({
        SecretId: secretFullName('local', name),
        RotationLambdaARN: functionArn(job),
        RotationRules: { ScheduleExpression: expression },
        RotateImmediately: false,
      }),
    );
  }
}
