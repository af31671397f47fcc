import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { useDeployed } from '#lib/config/process-env.ts';
import { freePort } from '#local/loopback.ts';
import { awsKey } from '../aws-key.ts';
import { runCommand, runProcess, stackFolder, startLocalStack, startProcess, type LocalStack } from './local-stack.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack();
});
afterAll(() => stack.close());

describe.concurrent('the command in a new process', () => {
  test('creates a partner and lists it', async () => {
    const created = await runProcess(['partners', 'create', '--name', 'Acme', '--json', '--data', stack.data]);
    expect([created.code, created.stderr]).toEqual([0, '']);
    const { client_id, client_secret } = JSON.parse(created.stdout);
    const listed = await runProcess(['--data', stack.data, 'partners', 'list']);
    expect(listed).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(new RegExp(`^${client_id} +Acme`, 'm')),
    });
    expect(listed.stdout).not.toContain(client_secret);
  });

  test('sets a secret', async () => {
    const args = ['secrets', 'set', 'admin-token', '--untested', '--data', stack.data];
    const { code, stdout, stderr } = await runProcess(args, { stdin: 'hunter2' });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^local\/budgea\/admin-token has a new value, which was not tested\./);
  });

  test('ignores the operator’s AWS settings for a local stack', async () => {
    const env = {
      AWS_PROFILE: 'company',
      AWS_ACCESS_KEY_ID: 'AKIAOPERATOR',
      AWS_SECRET_ACCESS_KEY: 'operator',
      AWS_SESSION_TOKEN: 'operator',
      AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
    };
    expect(await runProcess(['partners', 'list', '--data', stack.data], { env })).toMatchObject({ code: 0 });
  });

  test('completes its work silently after the reader of its output has exited', async () => {
    const child = startProcess(['partners', 'create', '--name', 'Unread', '--data', stack.data]);
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect([code, stderr]).toEqual([0, '']);
    expect((await stack.gateway(['partners', 'list'])).stdout).toContain('Unread');
  });

  test('prints help without loading an AWS client', async () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => {
        if (/@aws-sdk|@smithy|valibot/.test(url)) process.stderr.write('loaded ' + url);
        return next(url, context);
      } });`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
    const help = await runProcess(['partners', 'create', '--help'], { env });
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--redirect-uri <uri>') });
    // The hook works: it reports a command that loads the SDK.
    const list = await runProcess(['partners', 'list', '--data', stack.data], { env });
    expect(list.stderr).toContain('client-dynamodb');
  });
});

const partners = 'create list show disable enable rotate-key retire-key grant revoke redirects claim'.split(' ');
const secrets = ['set', 'status', 'rotate'];
const commands = [
  '--help',
  'partners --help',
  'secrets --help',
  'doctor --help',
  'tail --help',
  ...partners.map((name) => `partners ${name} --help`),
  ...secrets.map((name) => `secrets ${name} --help`),
];

test.for(commands)('%s prints the global options', async (command) => {
  const { code, stdout, stderr } = await runCommand(command.split(' '));
  expect([code, stderr]).toEqual([0, '']);
  for (const option of ['--data <dir>', '--env <name>', '--json']) expect(stdout).toContain(option);
});

test('a secret without a rotation function is not rotated', async () => {
  const client = new SecretsManagerClient({ endpoint: stack.secretsManager });
  await client.send(new CreateSecretCommand({ Name: 'local/budgea/manage-token' }));
  client.destroy();
  const { code, stderr } = await stack.gateway(['secrets', 'rotate', 'manage-token']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('No function rotates local/budgea/manage-token here.')]);
  const status = await stack.gateway(['secrets', 'status']);
  expect(status).toMatchObject({ code: 1, stdout: expect.stringMatching(/^local\/budgea\/manage-token +none/m) });
});

test.for(['--json', 'partners', 'secrets'])('only %s prints help and is wrong usage', async (command) => {
  const { code, stdout, stderr } = await runCommand([command]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Usage: npm run gateway --');
});

test.for(['local', 'Dev', 'dev_1', '../x'])('--env %s is wrong usage', async (name) => {
  expect(await runCommand(['partners', 'list', '--env', name])).toMatchObject({ code: 2, stdout: '' });
});

describe('a local stack that does not run', () => {
  test('has no stack.json', async () => {
    const { code, stderr } = await runCommand(['partners', 'list', '--data', join(stack.data, 'no where')]);
    expect(code).toBe(1);
    expect(stderr).toContain(`start one with "npm start -- --data '${stack.data}/no where'"`);
  });

  test('does not answer', async () => {
    const dynamodb = `http://127.0.0.1:${await freePort()}`;
    const data = await temporaryStack({ secretsManager: stack.secretsManager, dynamodb });
    const { code, stderr } = await runCommand(['partners', 'list', '--data', data]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no longer answers. Start it again')]);
  });

  test('has a stack.json without addresses', async () => {
    const data = await temporaryStack({});
    const { code, stderr } = await runCommand(['partners', 'list', '--data', data]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Start the stack again')]);
  });
});

/** The AWS settings of an operator's shell. */
const account = () => ({
  AWS_REGION: 'eu-west-3',
  AWS_ACCESS_KEY_ID: awsKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: awsKey.secretAccessKey,
  AWS_ENDPOINT_URL: stack.secretsManager,
  AWS_ENDPOINT_URL_DYNAMODB: stack.dynamodb,
});

describe.concurrent('a deployed environment', () => {
  test('has a table for its partners', async () => {
    const { createTable } = await import('#local/table.ts');
    useDeployed('dev');
    await createTable();
    useDeployed('local');
    const env = account();
    const empty = await runProcess(['partners', 'list', '--env', 'dev', '--json'], { env });
    expect([empty.stdout, empty.stderr]).toEqual(['[]\n', expect.stringContaining('partners create --env dev')]);
    const { code, stdout } = await runProcess(['partners', 'create', '--name', 'Deployed', '--env', 'dev', '--json'], {
      env,
    });
    expect(code).toBe(0);
    const listed = await runProcess(['partners', 'list', '--env', 'dev'], { env });
    expect(listed.stdout).toMatch(new RegExp(`^${JSON.parse(stdout).client_id} +Deployed`, 'm'));
  });

  test('is reported as not deployed without a table', async () => {
    const { code, stderr } = await runProcess(['partners', 'list', '--env', 'staging'], { env: account() });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: There is no table staging-gateway .* Deploy/)]);
  });

  test('does not create missing secrets', async () => {
    const args = ['secrets', 'set', 'admin-token', '--untested', '--env', 'staging'];
    const { code, stderr } = await runProcess(args, { env: account(), stdin: 'hunter2' });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: There is no secret staging\/budgea\/admin-token /),
    ]);
  });

  test('is reported as not deployed without secrets', async () => {
    const { code, stdout, stderr } = await runProcess(['secrets', 'status', '--env', 'prod'], { env: account() });
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/^error: There is no secret of the environment prod .* Deploy/),
    ]);
  });

  test('needs --budgea-url if infra/environments.ts does not describe it', async () => {
    const args = ['secrets', 'set', 'admin-token', '--env', 'nowhere'];
    const { code, stderr } = await runProcess(args, { env: account(), stdin: 'hunter2' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: infra\/environments\.ts .*--budgea-url/)]);
  });

  test('needs credentials', async () => {
    const { code, stderr } = await runProcess(['partners', 'list', '--env', 'dev'], {
      env: { AWS_REGION: 'eu-west-3' },
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: No usable AWS credentials .*AWS_PROFILE.*\n$/)]);
  });

  test('needs a region', async () => {
    const { AWS_REGION: _, ...env } = account();
    const { code, stderr } = await runProcess(['partners', 'list', '--env', 'dev'], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: No AWS region is set\. .*AWS_REGION.*\n$/)]);
  });
});

async function temporaryStack(addresses: object): Promise<string> {
  const data = await stackFolder(addresses);
  onTestFinished(() => rm(data, { recursive: true }));
  return data;
}
