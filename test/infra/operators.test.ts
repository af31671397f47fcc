import { randomInt } from 'node:crypto';
import { CreateSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { resourceName } from '#infra/names.ts';
import { operatorStatements } from '#infra/operator.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed, useLocal, useRotationSettings } from '#lib/config/process-env.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations, type SecretName } from '#lib/operations/table.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { functionArn, runByArn } from '#local/jobs.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { runProcess } from '../cli/local-stack.ts';
import { startAws, type Aws } from '../roles.ts';

// The command line as an operator runs it: a process of its own, with the rights of the operators' policy and no others.

const client = { client_id: randomInt(10_000_000, 100_000_000), client_secret: 'the-client-secret-of-the-contract' };
const adminToken = 'the-admin-token-of-the-contract';
const running: { close: () => Promise<unknown> }[] = [];
let aws: Aws;
let budgea: string;

beforeAll(async () => {
  // The rotation functions' log.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const [secrets, table] = await Promise.all([
    startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, invoke: runByArn }),
    startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId }),
  ]);
  const arns = new Map([[tableFullName('dev'), 'table']]);
  const roles = new Map();
  aws = await startAws({ secretsManager: secrets.url, dynamodb: table.url }, roles, (name) => String(arns.get(name)));
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  useDeployed('dev');
  const sandbox = await startSandbox({ port: 0, client, adminToken, redirectUris: [], certificateTypes: [] });
  budgea = sandbox.url;
  useRotationSettings({ budgea, rotationMinutes: 240 });
  running.push(sandbox, aws, secrets, table);
  await deploy(arns);
  const secretArns = Object.fromEntries(secretNames.map((name) => [name, arns.get(secretFullName('dev', name)) ?? '']));
  const reachable = {
    region: 'eu-west-3',
    table: 'table',
    key: 'key',
    secrets: secretArns as Record<SecretName, string>,
  };
  const deployment = { rotationFunctions: [], logGroups: [], stacks: [], alarms: 'alarms' };
  roles.set('operator', operatorStatements(reachable, deployment));
});
afterAll(() => Promise.all(running.map((server) => server.close())));

/** What a deployment leaves: an empty table, secrets without values, and their rotations. */
async function deploy(arns: Map<string, string>): Promise<void> {
  const { createTable } = await import('#local/table.ts');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  await createTable();
  for (const name of secretNames) {
    const { ARN = '' } = await secretsManager.send(new CreateSecretCommand({ Name: secretFullName('dev', name) }));
    arns.set(secretFullName('dev', name), ARN);
  }
  const rotation = (name: SecretName, job: string) =>
    secretsManager.send(
      new RotateSecretCommand({
        SecretId: secretFullName('dev', name),
        RotationLambdaARN: functionArn(job),
        RotationRules: { ScheduleExpression: 'rate(4 hours)' },
        RotateImmediately: false,
      }),
    );
  await rotation('manage-token', 'rotate-manage-token');
  await rotation('sealing-keys', 'rotate-sealing-key');
}

/** Runs a command, which has to go well; gives what it prints. */
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

/** What the policy denied: reading values, which the command line does without. */
function deniedButReading(): string[] {
  return aws.calls('operator').filter((call) => /^denied (?!secretsmanager:GetSecretValue)/.test(call));
}

test('an operator sets, rotates and inspects secrets', async () => {
  await gateway(['secrets', 'set', 'client-credentials', '--budgea-url', budgea], JSON.stringify(client));
  await gateway(['secrets', 'set', 'admin-token', '--budgea-url', budgea], adminToken);
  await gateway(['secrets', 'rotate', 'sealing-keys']);
  await gateway(['secrets', 'rotate', 'sealing-keys', '--compromised']);
  expect(await gateway(['secrets', 'status'])).toContain('Nothing is wrong.');
  expect(deniedButReading()).toEqual([]);
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
  expect(deniedButReading()).toEqual([]);
});

const arn = (service: string, rest: string): string => `arn:aws:${service}:ap-southeast-2:123456789012:${rest}`;

test('the policy of the longest name fits into what IAM takes: 6144 characters', () => {
  const name = 'e'.repeat(31);
  const functions = Object.keys({ ...operations, ...jobs }).map((id) => resourceName(name, functionName(id)));
  const secrets = secretNames.map((each) => [
    each,
    arn('secretsmanager', `secret:${secretFullName(name, each)}-AbCdEf`),
  ]);
  const statements = operatorStatements(
    {
      region: 'ap-southeast-2',
      table: arn('dynamodb', `table/${tableFullName(name)}`),
      key: arn('kms', 'key/01234567-89ab-cdef-0123-456789abcdef'),
      secrets: Object.fromEntries(secrets) as Record<SecretName, string>,
    },
    {
      rotationFunctions: functions
        .filter((each) => each.includes('rotate'))
        .map((each) => arn('lambda', `function:${each}`)),
      logGroups: functions.map((each) => arn('logs', `log-group:/aws/lambda/${each}:*`)),
      stacks: ['foundation', 'gateway'].map((part) => arn('cloudformation', `stack/${resourceName(name, part)}/*`)),
      alarms: arn('cloudwatch', 'alarm:*'),
    },
  );
  const document = statements.map(({ actions, resources, conditions }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: resources,
    Condition: conditions,
  }));
  expect(JSON.stringify({ Version: '2012-10-17', Statement: document }).length).toBeLessThan(6144);
});
