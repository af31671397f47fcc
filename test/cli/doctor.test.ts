import { rm } from 'node:fs/promises';
import { CreateTableCommand, DeleteTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { examine } from '#cli/doctor/examine.ts';
import type { Subject } from '#cli/doctor/subject.ts';
import { operatorStatements } from '#infra/operator.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed } from '#lib/config/process-env.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { runJob } from '#local/jobs.ts';
import { startAws } from '../roles.ts';
import { startAsDeployed, type AsDeployed } from './as-deployed.ts';
import { startAwsAccount, type AwsAccount } from './aws-account.ts';
import { runHere, runReal, stackFolder } from './local-stack.ts';

// Each test takes the gateway as the one before left it: nothing set, then healthy, then broken in one place after another.

interface Report {
  environment: string;
  healthy: boolean;
  callback_uri?: string;
  checks: { check: string; state: 'ok' | 'wrong' | 'open'; text: string; commands?: string[] }[];
}

let deployed: AsDeployed;
beforeAll(async () => {
  deployed = await startAsDeployed();
});
afterEach(() => vi.useRealTimers());
afterAll(() => deployed.close());

/** The report on the local gateway, or on another one. */
async function doctor(run = (args: string[]) => deployed.gateway(args)): Promise<Report & { code: number | null }> {
  const { code, stdout } = await run(['doctor', '--json']);
  return { code, ...(JSON.parse(stdout) as Report) };
}

/** What is not as it should be, by the check's name. */
function faults({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.filter(({ state }) => state === 'wrong').map(({ check, text }) => [check, text]));
}

function textsOf({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.map(({ check, text }) => [check, text]));
}

async function set(command: string, stdin = ''): Promise<void> {
  const { code, stderr } = await deployed.gateway(command.split(' '), { stdin });
  expect({ command, code, stderr }).toEqual({ command, code: 0, stderr });
}

function expectNoSecret(report: Report): void {
  const text = JSON.stringify(report);
  for (const confidential of [deployed.client.client_secret, deployed.adminToken])
    expect(text).not.toContain(confidential);
}

/** Gives a secret of the deployed environment a value. */
async function put(name: SecretName, SecretString: string): Promise<void> {
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  await secretsManager.send(new PutSecretValueCommand({ SecretId: secretFullName('dev', name), SecretString }));
}

const arn = (name: string): string => `arn of ${name}`;

describe('of the local stack', () => {
  test('where nothing is set yet, it says what to type, in the order in which it works', async () => {
    const report = await doctor();
    expect([report.code, report.healthy]).toEqual([1, false]);
    expect(faults(report)).toEqual({
      'client-credentials': 'It has no value yet: set it.',
      'admin-token': 'It has no value yet: set it.',
      'manage-token': 'It has no value yet: setting the admin token mints it.',
      'sealing-keys': 'It has no value yet: rotate it once.',
      certificates: expect.stringContaining('qwac and qseal: never fetched.') as string,
    });
    const commands = report.checks.flatMap((check) => check.commands ?? []);
    expect(commands.map((command) => / -- (.*) --data /.exec(command)?.[1])).toEqual([
      'secrets set client-credentials',
      'secrets set admin-token',
      'secrets rotate sealing-keys',
      'partners create --name "My app"',
    ]);
  });

  test('a rotation that came to a stop without a value is found, and what it waits for', async () => {
    await deployed.rotate('manage-token');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 180_000 });
    const stuck = 'It came to a stop for want of the admin token: setting that one rotates it.';
    expect(faults(await doctor())).toMatchObject({ 'manage-token rotation': stuck });
  });

  test('healthy: a list of marks, and the callback for Budgea’s console', async () => {
    await set('secrets set client-credentials', JSON.stringify(deployed.client));
    await set('secrets set admin-token', deployed.adminToken);
    await set('secrets rotate sealing-keys');
    await set('partners create --name One');
    await runJob('fetch-certificates');
    const { code, stdout, stderr } = await deployed.gateway(['doctor']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^./gm)?.join('')).toMatch(/^✓+T $/);
    expect(stdout).toMatch(/^✓ client-credentials {5}Budgea takes it; its value is \d+ s old\.$/m);
    expect(stdout).toMatch(/^✓ manage JWT {13}It lives 11 h 59 min, and Budgea takes it\.$/m);
    expect(stdout).toMatch(/^✓ manage-token rotation {2}It is on: the last time \d+ s ago, next in 3 h 59 min\.$/m);
    expect(stdout).toMatch(/^✓ call, bad key {10}401 invalidClient, as it should be\.$/m);
    expect(stdout).toContain(`${deployed.file.gateway}/webauth/callback\n`);
    const report = await doctor();
    expect(report).toMatchObject({ environment: 'local', healthy: true });
    expectNoSecret(report);
  });

  test('a rotation that is stuck with an empty AWSPENDING', async () => {
    const failures = new URL('/_sandbox/failures', deployed.file.sandbox);
    const trouble = new URLSearchParams({ answer: 'maintenance', path: '/admin/jwt', times: '1000' });
    expect((await fetch(failures, { method: 'POST', body: trouble })).ok).toBe(true);
    await deployed.rotate('manage-token');
    await fetch(failures, { method: 'DELETE' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 180_000 });
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(faults(report)).toEqual({
      'manage-token rotation': expect.stringMatching(
        /^A version has been pending for 3 min.* without a value: none could be made\./,
      ) as string,
    });
    const { commands = [] } = report.checks.find(({ state }) => state === 'wrong') ?? {};
    expect(commands.map((command) => / -- (.*) --data/.exec(command)?.[1])).toEqual([
      'secrets rotate manage-token --rehearse',
      'secrets rotate manage-token',
    ]);
    await set('secrets rotate manage-token');
    expect((await doctor()).healthy).toBe(true);
  });

  test('a certificate that Budgea has not confirmed for long', async () => {
    const { table } = await import('#lib/aws/table.ts');
    const change = { text: 'SET confirmed_at = :time', values: { ':time': '2026-01-01T00:00:00.000Z' } };
    await table.update('CERTIFICATE#qwac', change);
    const report = await doctor();
    expect(faults(report)).toEqual({
      certificates: expect.stringMatching(/^qwac: not confirmed by Budgea for \d+ d/) as string,
    });
    await runJob('fetch-certificates');
    expect((await doctor()).healthy).toBe(true);
  });

  test('a Budgea and a gateway that do not answer', async () => {
    const data = await stackFolder({
      ...deployed.file,
      gateway: 'http://127.0.0.1:9/2.0',
      sandbox: 'http://127.0.0.1:9/2.0',
    });
    onTestFinished(() => rm(data, { recursive: true }));
    const report = await doctor((args) => runHere([...args, '--data', data]));
    const nowhere = 'http://127.0.0.1:9/2.0';
    expect(report.code).toBe(1);
    expect(faults(report)).toEqual({
      Budgea: `${nowhere} gives no usable answer: unreachable. Check its address and the network.`,
      'call, anonymous': expect.stringContaining(`${nowhere}/users/me does not answer`) as string,
      'call, bad key': expect.stringContaining(`${nowhere}/users/me does not answer`) as string,
    });
  });

  test('something else that answers in the gateway’s place', async () => {
    const { code, stdout } = await deployed.gateway(['doctor', '--gateway-url', deployed.file.sandbox]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^✗ call, bad key {10}The gateway answers 401 unauthorized in place of 401 invalidClient\./m,
    );
    const pathless = await deployed.gateway(['doctor', '--gateway-url', new URL(deployed.file.gateway).origin]);
    expect(pathless.stdout).toMatch(
      /^✗ call, anonymous .*answers 404 .* There is no such route: is \/2\.0 part of the address\?$/m,
    );
    const { stderr } = await deployed.gateway(['doctor', '--gateway-url', 'nowhere']);
    expect(stderr).toContain('It takes a URL');
  });

  test('a table without an index, and none at all', async () => {
    const { dynamodb } = await import('#lib/aws/sdk-dynamodb.ts');
    const { createTable } = await import('#local/table.ts');
    const TableName = tableFullName('local');
    const removeTable = async () => {
      await dynamodb.send(new DeleteTableCommand({ TableName }));
      await waitUntilTableNotExists(
        { client: dynamodb, maxWaitTime: 60, minDelay: 0.01, maxDelay: 0.01 },
        { TableName },
      );
    };
    await removeTable();
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(faults(report)).toMatchObject({
      table: expect.stringMatching(/^There is no table local-gateway\. Start the local stack again/) as string,
      'call, bad key': expect.stringMatching(
        /^The gateway answers 50\d \w+ in place of 401 invalidClient\. Look for request/,
      ) as string,
    });
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    expect(faults(await doctor())).toMatchObject({
      table: expect.stringContaining('local-gateway lacks its index partners and its index users.') as string,
    });
    await removeTable();
    await createTable();
  });
});

describe('of a deployed environment', () => {
  let account: AwsAccount;
  let run: (args: string[]) => ReturnType<typeof runHere>;
  const services = ['CLOUDFORMATION', 'CLOUDWATCH', 'LAMBDA'].map((service) => `AWS_ENDPOINT_URL_${service}`);

  beforeAll(async () => {
    const { createTable } = await import('#local/table.ts');
    const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
    account = await startAwsAccount();
    for (const name of services) vi.stubEnv(name, account.url);
    useDeployed('dev');
    await createTable();
    for (const name of secretNames) {
      await secretsManager.send(new CreateSecretCommand({ Name: secretFullName('dev', name) }));
    }
    run = (args) => runHere([...args, '--env', 'dev', '--budgea-url', deployed.file.sandbox]);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await account.close();
  });

  const deploy = () => {
    account.stacks = {
      'dev-gateway-foundation': {},
      'dev-gateway-gateway': {
        GatewayUrl: deployed.file.gateway,
        CallbackUrl: `${deployed.file.gateway}/webauth/callback`,
      },
    };
    account.alarms = { 'dev-gateway-failing-calls': 'OK', 'dev-gateway-manage-token-expiring': 'INSUFFICIENT_DATA' };
  };

  test('where nothing is deployed', async () => {
    const report = await doctor(run);
    expect(report.callback_uri).toBeUndefined();
    expect(faults(report)).toMatchObject({
      stacks: 'Nothing is deployed here. Deploy the environment: "npm run deploy -- dev".',
      'call, anonymous': 'No deployed stack says where the gateway answers.',
      alarms: 'There are none. Deploy the environment: "npm run deploy -- dev".',
    });
  });

  test('account, stacks, quota, alarms, and the address that the stack says', async () => {
    deploy();
    const report = await doctor(run);
    const texts = textsOf(report);
    expect(texts['AWS account']).toBe('Account 123456789012, region eu-west-3.');
    expect(texts['stacks']).toMatch(/^Both are deployed, the last time \d+ d/);
    expect(texts['concurrency']).toBe('1000 functions may run at once in this account and region.');
    expect(texts['alarms']).toMatch(/^2 watch, and none rings\./);
    expect(texts['call, anonymous']).toBe('401 unauthorized, as it should be.');
    expect(report.callback_uri).toBe(`${deployed.file.gateway}/webauth/callback`);
    // What is deployed is well; what is not set, or set up for rotation, is found here too.
    expect(Object.keys(faults(report))).toEqual([
      'client-credentials',
      'admin-token',
      'manage-token',
      'manage-token rotation',
      'sealing-keys',
      'sealing-keys rotation',
      'certificates',
    ]);
  });

  test('a deployment that failed, few functions at once, and alarms that ring', async () => {
    deploy();
    account.status = 'UPDATE_ROLLBACK_FAILED';
    account.concurrency = 10;
    account.alarms['dev-gateway-failing-calls'] = 'ALARM';
    const report = await doctor(run);
    expect(faults(report)).toMatchObject({
      stacks: expect.stringContaining('dev-gateway-gateway is UPDATE_ROLLBACK_FAILED') as string,
      alarms: '1 of 2 ring: failing-calls. docs/runbook.md has an entry for each.',
    });
    expect(textsOf(report)['concurrency']).toContain(
      '10 functions may run at once in this account and region: enough to try it.',
    );
    account.status = 'UPDATE_COMPLETE';
  });

  test('rights that are missing are no fault of the gateway’s', async () => {
    account.denies = true;
    const report = await doctor((args) => run([...args, '--gateway-url', deployed.file.gateway]));
    account.denies = false;
    const states = Object.fromEntries(report.checks.map(({ check, state }) => [check, state]));
    expect(states).toMatchObject({ 'AWS account': 'ok', stacks: 'open', concurrency: 'open', alarms: 'open' });
    expect(textsOf(report)['stacks']).toContain('may not do this (cloudformation:DescribeStacks)');
  });

  test('whoever may not read values learns what can be known without', async () => {
    deploy();
    const secrets = Object.fromEntries(secretNames.map((name) => [name, arn(secretFullName('dev', name))]));
    const reachable = {
      region: 'eu-west-3',
      table: arn(tableFullName('dev')),
      key: 'key',
      secrets: secrets as Record<SecretName, string>, // Of every name there is.
    };
    const role = operatorStatements(reachable, {
      rotationFunctions: [],
      logGroups: [],
      stacks: ['dev-gateway-foundation', 'dev-gateway-gateway'].map(arn),
      alarms: arn('alarms'),
    });
    const aws = await startAws({ ...deployed.file, account: account.url }, new Map([['operator', role]]), arn);
    onTestFinished(() => aws.close());
    const env = {
      AWS_REGION: 'eu-west-3',
      AWS_ACCESS_KEY_ID: 'operator',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: aws.url,
    };
    await put('admin-token', '{"token":"anything"}');
    const report = await doctor((args) =>
      runReal([...args, '--env', 'dev', '--budgea-url', deployed.file.sandbox], { env }),
    );
    expect(textsOf(report)).toMatchObject({
      'admin-token': expect.stringMatching(/^It is set: .*, and these AWS credentials may not read it\.$/) as string,
      stacks: expect.stringMatching(/^Both are deployed/) as string,
      concurrency: expect.stringContaining('functions may run at once') as string,
      table: 'dev-gateway and its indexes answer.',
      certificates: expect.stringContaining('never fetched') as string,
      alarms: expect.stringMatching(/^2 watch, and none rings/) as string,
    });
    const denied = aws.calls('operator').filter((call) => call.startsWith('denied'));
    expect(new Set(denied.map((call) => call.split(' ')[1]))).toEqual(new Set(['secretsmanager:GetSecretValue']));
  });

  test('a value that does not have its shape, and one that Budgea refuses', async () => {
    await put('admin-token', 'what nobody may see');
    await put('client-credentials', JSON.stringify({ ...deployed.client, client_secret: 'another' }));
    const report = await doctor(run);
    expect(faults(report)).toMatchObject({
      'admin-token': 'Its value does not have its shape.',
      'client-credentials': expect.stringMatching(/^Budgea refuses it \(it answered 4\d\d/) as string,
    });
    expect(JSON.stringify(report)).not.toContain('nobody may see');
  });
});

test('without AWS credentials, one check says so and the others wait', async () => {
  const { code, stdout } = await runReal(['doctor', '--env', 'dev', '--budgea-url', deployed.file.sandbox, '--json']);
  const report = JSON.parse(stdout) as Report;
  expect(code).toBe(1);
  expect(faults(report)).toEqual({ 'AWS account': expect.stringContaining('No AWS region is set.') as string });
});

test('a check that does not end is given up', async () => {
  const never = { name: 'endless', run: () => Promise.withResolvers<never>().promise };
  const [found] = await examine([never], {} as Subject, () => undefined, 10);
  expect(found).toMatchObject({ check: 'endless', state: 'wrong', text: 'There was no answer within 0.01 seconds.' });
});
