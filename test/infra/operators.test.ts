import { randomInt } from 'node:crypto';
import { CreateSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { resourceName } from '#infra/names.ts';
import { operatorStatements } from '#infra/operator.ts';
import { forEachSecret } from '#infra/permissions.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed, useLocal, useRotationSettings } from '#lib/config/process-env.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { functionArn, runByArn } from '#local/jobs.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { runProcess } from '../cli/local-stack.ts';
import { startAws, type Aws } from '../roles.ts';

// Runs the command line in a process with the permissions of the operators' policy only.

const client = { client_id: randomInt(10_000_000, 100_000_000), client_secret: 'the-client-secret-of-the-contract' };
const adminToken = 'the-admin-token-of-the-contract';
const running: { close: () => Promise<unknown> }[] = [];
let aws: Aws;
let budgea: string;

beforeAll(async () => {
  // Hides the logs of the rotation functions.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const [secretsManager, dynamodb] = await Promise.all([
    startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, invoke: runByArn }),
    startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId }),
  ]);
  const arns = new Map([[tableFullName('dev'), 'table']]);
  const roles = new Map();
  aws = await startAws({ secretsManager: secretsManager.url, dynamodb: dynamodb.url }, roles, (name) =>
    String(arns.get(name)),
  );
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  useDeployed('dev');
  const sandbox = await startSandbox({ port: 0, client, adminToken, redirectUris: [], certificateTypes: [] });
  budgea = sandbox.url;
  useRotationSettings({ budgea, rotationMinutes: 240 });
  running.push(sandbox, aws, secretsManager, dynamodb);
  await deploy(arns);
  const secrets = forEachSecret((name) => arns.get(secretFullName('dev', name)) ?? '');
  const resources = { region: 'eu-west-3', table: 'table', key: 'key', secrets };
  const deployment = { rotationFunctions: [], logGroups: [], stacks: [], alarms: 'alarms' };
  roles.set('operator', operatorStatements(resources, deployment));
});
afterAll(() => Promise.all(running.map((server) => server.close())));

/** Creates what a deployment creates: an empty table, secrets without values, and their rotations. */
async function deploy(arns: Map<string, string>): Promise<void> {
  const { createTable } = await import('#local/table.ts');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  await createTable();
  for (const name of secretNames) {
    const { ARN = '' } = await secretsManager.send(new CreateSecretCommand({ Name: secretFullName('dev', name) }));
    arns.set(secretFullName('dev', name), ARN);
  }
  const rotations = { 'manage-token': 'rotate-manage-token', 'sealing-keys': 'rotate-sealing-key' } as const;
  for (const [name, job] of Object.entries(rotations)) {
    await secretsManager.send(
      new RotateSecretCommand({
        SecretId: secretFullName('dev', name as keyof typeof rotations),
        RotationLambdaARN: functionArn(job),
        RotationRules: { ScheduleExpression: 'rate(4 hours)' },
        RotateImmediately: false,
      }),
    );
  }
}

/** Runs a command, which has to succeed; returns its standard output. */
async function gateway(args: readonly string[], stdin = ''): Promise<string> {
  const env = {
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: aws.url,
  };
  const { code, stdout, stderr } = await runProcess([...args, '--env', 'dev'], { stdin, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  return stdout;
}

/** The denied calls, except reads of values, which the command line does not need. */
function deniedCalls(): string[] {
  return aws.calls('operator').filter((call) => /^denied (?!secretsmanager:GetSecretValue)/.test(call));
}

test('an operator sets, rotates and inspects secrets', async () => {
  await gateway(['secrets', 'set', 'client-credentials', '--budgea-url', budgea], JSON.stringify(client));
  await gateway(['secrets', 'set', 'admin-token', '--budgea-url', budgea], adminToken);
  await gateway(['secrets', 'rotate', 'sealing-keys']);
  await gateway(['secrets', 'rotate', 'sealing-keys', '--compromised']);
  expect(await gateway(['secrets', 'status'])).toContain('Nothing is wrong.');
  expect(deniedCalls()).toEqual([]);
});

test('an operator manages partners', async () => {
  const { client_id: id } = JSON.parse(await gateway(['partners', 'create', '--name', 'One', '--json'])) as {
    client_id: string;
  };
  await gateway(['partners', 'grant', id, 'jwt:permanent']);
  await gateway(['partners', 'rotate-key', id]);
  await Promise.all([
    gateway(['partners', 'claim', id, '12']),
    gateway(['partners', 'show', id]),
    gateway(['partners', 'list']),
  ]);
  expect(deniedCalls()).toEqual([]);
});

const arn = (service: string, rest: string): string => `arn:aws:${service}:ap-southeast-2:123456789012:${rest}`;

test('the policy for the longest environment name has at most 6144 characters, the limit of IAM', () => {
  const name = 'e'.repeat(31);
  const functions = Object.keys({ ...operations, ...jobs }).map((id) => resourceName(name, functionName(id)));
  const rotators = functions.filter((each) => each.includes('rotate'));
  const statements = operatorStatements(
    {
      region: 'ap-southeast-2',
      table: arn('dynamodb', `table/${tableFullName(name)}`),
      key: arn('kms', 'key/01234567-89ab-cdef-0123-456789abcdef'),
      secrets: forEachSecret((secret) => arn('secretsmanager', `secret:${secretFullName(name, secret)}-AbCdEf`)),
    },
    {
      rotationFunctions: rotators.map((each) => arn('lambda', `function:${each}`)),
      logGroups: functions.map((each) => arn('logs', `log-group:/aws/lambda/${each}:*`)),
      stacks: ['foundation', 'gateway'].map((part) => arn('cloudformation', `stack/${resourceName(name, part)}/*`)),
      alarms: arn('cloudwatch', 'alarm:*'),
    },
  );
  const Statement = statements.map(({ actions: Action, resources: Resource, conditions: Condition }) => ({
    Effect: 'Allow',
    Action,
    Resource,
    Condition,
  }));
  expect(JSON.stringify({ Version: '2012-10-17', Statement }).length).toBeLessThan(6144);
});
