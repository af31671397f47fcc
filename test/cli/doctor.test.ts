import { rm } from 'node:fs/promises';
import { CreateTableCommand, DeleteTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runChecks } from '#cli/doctor/check.ts';
import type { Context } from '#cli/doctor/context.ts';
import { operatorStatements } from '#infra/operator.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed } from '#lib/config/process-env.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { runJob } from '#local/jobs.ts';
import { startAws } from '../roles.ts';
import { startAwsAccount, type AwsAccount } from './aws-account.ts';
import { startFreshDeployment, type FreshDeployment } from './fresh-deployment.ts';
import { runCommand, runProcess, stackFolder } from './local-stack.ts';

// The tests run in order on the same gateway: without values, healthy, then with one fault after another.

interface Report {
  environment: string;
  healthy: boolean;
  callback_uri?: string;
  checks: { check: string; state: 'ok' | 'wrong' | 'open'; text: string; commands?: string[] }[];
}

let deployed: FreshDeployment;
beforeAll(async () => {
  deployed = await startFreshDeployment();
});
afterEach(() => vi.useRealTimers());
afterAll(() => deployed.close());

/** Returns the report on the local gateway, or of the passed command. */
async function doctor(run = (args: string[]) => deployed.gateway(args)): Promise<Report & { code: number | null }> {
  const { code, stdout } = await run(['doctor', '--json']);
  return { code, ...(JSON.parse(stdout) as Report) };
}

/** Returns the text of each failed check by the check's name. */
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

/** Sets a secret of the deployed environment. */
async function put(name: SecretName, SecretString: string): Promise<void> {
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  await secretsManager.send(new PutSecretValueCommand({ SecretId: secretFullName('dev', name), SecretString }));
}

const arn = (name: string): string => `arn of ${name}`;

describe('a local stack', () => {
  test('prints the setup commands in order if nothing is set', async () => {
    const report = await doctor();
    expect([report.code, report.healthy]).toEqual([1, false]);
    expect(faults(report)).toEqual({
      'client-credentials': 'It has no value yet: set it.',
      'admin-token': 'It has no value yet: set it.',
      'manage-token': 'It has no value yet: setting the admin token mints it.',
      'sealing-keys': 'It has no value yet: rotate it once.',
      certificates: expect.stringContaining('qwac and qseal: never fetched.'),
    });
    const commands = report.checks.flatMap((check) => check.commands ?? []);
    expect(commands.map((command) => / -- (.*) --data /.exec(command)?.[1])).toEqual([
      'secrets set client-credentials',
      'secrets set admin-token',
      'secrets rotate sealing-keys',
      'partners create --name "My app"',
    ]);
  });

  test('reports a rotation that failed because the admin token is not set', async () => {
    await deployed.rotate('manage-token');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 180_000 });
    const stuck = 'The rotation failed because the admin token is not set: setting it rotates this secret.';
    expect(faults(await doctor())).toMatchObject({ 'manage-token rotation': stuck });
  });

  test('prints a mark per check, and the callback for Budgea’s console', async () => {
    await set('secrets set client-credentials', JSON.stringify(deployed.client));
    await set('secrets set admin-token', deployed.adminToken);
    await set('secrets rotate sealing-keys');
    await set('partners create --name One');
    await runJob('fetch-certificates');
    const { code, stdout, stderr } = await deployed.gateway(['doctor']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^./gm)?.join('')).toMatch(/^✓+T $/);
    expect(stdout).toMatch(/^✓ client-credentials {5}Budgea accepts it; its value is \d+ s old\.$/m);
    expect(stdout).toMatch(/^✓ manage JWT {13}It expires in 11 h 59 min, and Budgea accepts it\.$/m);
    expect(stdout).toMatch(/^✓ manage-token rotation {2}It is on: last \d+ s ago, next in 3 h 59 min\.$/m);
    expect(stdout).toMatch(/^✓ call, bad key {10}401 invalidClient, as expected\.$/m);
    expect(stdout).toContain(`${deployed.file.gateway}/webauth/callback\n`);
    const report = await doctor();
    expect(report).toMatchObject({ environment: 'local', healthy: true });
    for (const secret of [deployed.client.client_secret, deployed.adminToken])
      expect(JSON.stringify(report)).not.toContain(secret);
  });

  test('reports a stuck rotation with an empty AWSPENDING', async () => {
    const failures = new URL('/_sandbox/failures', deployed.file.sandbox);
    const failure = new URLSearchParams({ answer: 'maintenance', path: '/admin/jwt', times: '1000' });
    expect((await fetch(failures, { method: 'POST', body: failure })).ok).toBe(true);
    await deployed.rotate('manage-token');
    await fetch(failures, { method: 'DELETE' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 180_000 });
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(faults(report)).toEqual({
      'manage-token rotation': expect.stringMatching(
        /^A version has been pending for 3 min.* without a value: creating it failed\./,
      ),
    });
    const { commands = [] } = report.checks.find(({ state }) => state === 'wrong') ?? {};
    expect(commands.map((command) => / -- (.*) --data/.exec(command)?.[1])).toEqual([
      'secrets rotate manage-token --rehearse',
      'secrets rotate manage-token',
    ]);
    await set('secrets rotate manage-token');
    expect((await doctor()).healthy).toBe(true);
  });

  test('reports a certificate that Budgea has not confirmed recently', async () => {
    const { table } = await import('#lib/aws/table.ts');
    const change = { text: 'SET confirmed_at = :time', values: { ':time': '2026-01-01T00:00:00.000Z' } };
    await table.update('CERTIFICATE#qwac', change);
    const report = await doctor();
    expect(faults(report)).toEqual({
      certificates: expect.stringMatching(/^qwac: not confirmed by Budgea for \d+ d/),
    });
    await runJob('fetch-certificates');
    expect((await doctor()).healthy).toBe(true);
  });

  test('reports a Budgea and a gateway that do not answer', async () => {
    const nowhere = 'http://127.0.0.1:9/2.0';
    const data = await stackFolder({ ...deployed.file, gateway: nowhere, sandbox: nowhere });
    onTestFinished(() => rm(data, { recursive: true }));
    const report = await doctor((args) => runCommand([...args, '--data', data]));
    expect(report.code).toBe(1);
    expect(faults(report)).toEqual({
      Budgea: `${nowhere} returns no usable answer: unreachable. Check its address and the network.`,
      'call, anonymous': expect.stringContaining(`${nowhere}/users/me does not answer`),
      'call, bad key': expect.stringContaining(`${nowhere}/users/me does not answer`),
    });
  });

  test('reports another server at the gateway’s address', async () => {
    const { code, stdout } = await deployed.gateway(['doctor', '--gateway-url', deployed.file.sandbox]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^✗ call, bad key {10}The gateway answers 401 unauthorized in place of 401 invalidClient\./m,
    );
    const pathless = await deployed.gateway(['doctor', '--gateway-url', new URL(deployed.file.gateway).origin]);
    expect(pathless.stdout).toMatch(
      /^✗ call, anonymous .*answers 404 .* There is no such route: check that the address contains \/2\.0\.$/m,
    );
    const { stderr } = await deployed.gateway(['doctor', '--gateway-url', 'nowhere']);
    expect(stderr).toContain('Expected a URL');
  });

  test('reports a missing table and missing indexes', async () => {
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
      table: expect.stringMatching(/^There is no table local-gateway\. Start the local stack again/),
      'call, bad key': expect.stringMatching(
        /^The gateway answers 50\d \w+ in place of 401 invalidClient\. Look for request/,
      ),
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
      table: expect.stringContaining('local-gateway lacks its index partners and its index users.'),
    });
    await removeTable();
    await createTable();
  });
});

describe('a deployed environment', () => {
  let account: AwsAccount;
  let run: (args: string[]) => ReturnType<typeof runCommand>;
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
    run = (args) => runCommand([...args, '--env', 'dev', '--budgea-url', deployed.file.sandbox]);
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

  test('reports that nothing is deployed', async () => {
    const report = await doctor(run);
    expect(report.callback_uri).toBeUndefined();
    expect(faults(report)).toMatchObject({
      stacks: 'Nothing is deployed here. Deploy the environment: "npm run deploy -- dev".',
      'call, anonymous': 'No deployed stack has the address of the gateway.',
      alarms: 'There are no alarms. Deploy the environment: "npm run deploy -- dev".',
    });
  });

  test('reports account, stacks, quota and alarms, and reads the address from the stack', async () => {
    deploy();
    const report = await doctor(run);
    const texts = textsOf(report);
    expect(texts['AWS account']).toBe('Account 123456789012, region eu-west-3.');
    expect(texts['stacks']).toMatch(/^Both are deployed, most recently \d+ d/);
    expect(texts['concurrency']).toBe('1000 functions may run concurrently in this account and region.');
    expect(texts['alarms']).toMatch(/^2 alarms, none is firing\./);
    expect(texts['call, anonymous']).toBe('401 unauthorized, as expected.');
    expect(report.callback_uri).toBe(`${deployed.file.gateway}/webauth/callback`);
    // The deployment is healthy; only values and rotations are missing.
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

  test('reports a failed deployment, a low concurrency limit and firing alarms', async () => {
    deploy();
    account.status = 'UPDATE_ROLLBACK_FAILED';
    account.concurrency = 10;
    account.alarms['dev-gateway-failing-calls'] = 'ALARM';
    const report = await doctor(run);
    expect(faults(report)).toMatchObject({
      stacks: expect.stringContaining('dev-gateway-gateway is UPDATE_ROLLBACK_FAILED'),
      alarms: '1 of 2 are firing: failing-calls. docs/runbook.md has an entry for each.',
    });
    expect(textsOf(report)['concurrency']).toContain(
      '10 functions may run concurrently in this account and region, enough for a trial.',
    );
    account.status = 'UPDATE_COMPLETE';
  });

  test('does not report missing rights as faults', async () => {
    account.denies = true;
    const report = await doctor((args) => run([...args, '--gateway-url', deployed.file.gateway]));
    account.denies = false;
    const states = Object.fromEntries(report.checks.map(({ check, state }) => [check, state]));
    expect(states).toMatchObject({ 'AWS account': 'ok', stacks: 'open', concurrency: 'open', alarms: 'open' });
    expect(textsOf(report)['stacks']).toContain('do not allow this (cloudformation:DescribeStacks)');
  });

  test('works without the right to read values', async () => {
    deploy();
    const secrets = Object.fromEntries(secretNames.map((name) => [name, arn(secretFullName('dev', name))]));
    const reachable = {
      region: 'eu-west-3',
      table: arn(tableFullName('dev')),
      key: 'key',
      secrets: secrets as Record<SecretName, string>, // Of every name.
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
      runProcess([...args, '--env', 'dev', '--budgea-url', deployed.file.sandbox], { env }),
    );
    expect(textsOf(report)).toMatchObject({
      'admin-token': expect.stringMatching(/^It is set: .*, and these AWS credentials may not read it\.$/),
      stacks: expect.stringMatching(/^Both are deployed/),
      concurrency: expect.stringContaining('functions may run concurrently'),
      table: 'dev-gateway and its indexes answer.',
      certificates: expect.stringContaining('never fetched'),
      alarms: expect.stringMatching(/^2 alarms, none is firing/),
    });
    const denied = aws.calls('operator').filter((call) => call.startsWith('denied'));
    expect(new Set(denied.map((call) => call.split(' ')[1]))).toEqual(new Set(['secretsmanager:GetSecretValue']));
  });

  test('reports a malformed value and a value that Budgea rejects', async () => {
    await put('admin-token', 'a confidential text');
    await put('client-credentials', JSON.stringify({ ...deployed.client, client_secret: 'another' }));
    const report = await doctor(run);
    expect(faults(report)).toMatchObject({
      'admin-token': 'Its value is malformed.',
      'client-credentials': expect.stringMatching(/^Budgea rejects it \(it answered 4\d\d/),
    });
    expect(JSON.stringify(report)).not.toContain('confidential');
  });
});

test('without AWS credentials, one check fails and the others are not run', async () => {
  const { code, stdout } = await runProcess([
    'doctor',
    '--env',
    'dev',
    '--budgea-url',
    deployed.file.sandbox,
    '--json',
  ]);
  const report = JSON.parse(stdout) as Report;
  expect(code).toBe(1);
  expect(faults(report)).toEqual({ 'AWS account': expect.stringContaining('No AWS region is set.') });
});

test('a check that does not end times out', async () => {
  const never = { name: 'endless', run: () => Promise.withResolvers<never>().promise };
  const [result] = await runChecks([never], {} as Context, () => undefined, 10);
  expect(result).toMatchObject({ check: 'endless', state: 'wrong', text: 'There was no answer within 0.01 seconds.' });
});
