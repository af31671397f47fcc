import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../cli/run.ts';
import { startLocalStack, type LocalStack, type Outcome } from './local-stack.ts';

let stack: LocalStack;
let client: SecretsManagerClient;
beforeAll(async () => {
  stack = await startLocalStack();
  client = new SecretsManagerClient({ endpoint: stack.secretsManager });
});
afterAll(async () => {
  client.destroy();
  await stack.close();
});

async function valueOf(name: string): Promise<unknown> {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: `local/budgea/${name}` }));
  return JSON.parse(SecretString);
}

const set = (name: string, stdin: string, ...more: string[]) =>
  stack.gateway(['secrets', 'set', name, ...more], { stdin });

/** Answers each question as it comes. */
async function atTerminal(name: string, answers: Record<string, string>): Promise<Outcome> {
  const terminal = {
    stdin: Object.assign(new PassThrough(), { isTTY: true }),
    stdout: new PassThrough(),
    // As the real one, it does not end with a prompt that was piped to it.
    stderr: Object.assign(new PassThrough(), { end: () => terminal.stderr }),
  };
  let stderr = '';
  terminal.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    const question = Object.keys(answers).find((label) => stderr.includes(label));
    if (question === undefined) return;
    // The prompt listens when it has been drawn.
    setImmediate((answer?: string) => terminal.stdin.write(answer), answers[question]);
    delete answers[question];
  });
  const stdout = text(terminal.stdout);
  const code = await run(['secrets', 'set', name, '--data', stack.data], terminal);
  terminal.stdout.end();
  return { code, stdout: await stdout, stderr };
}

describe('from standard input', () => {
  test('creates a secret that is missing, then gives it new versions', async () => {
    const first = await set(
      'client-credentials',
      '{"client_id": 12345678, "client_secret": "first-s3cret"}\n',
      '--json',
    );
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(JSON.parse(first.stdout)).toEqual({
      secret: 'local/budgea/client-credentials',
      version_id: expect.any(String),
      created: true,
    });
    const second = await set('client-credentials', '{"client_id": "12345678", "client_secret": "second-s3cret"}');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Start the local stack again') });
    expect(await valueOf('client-credentials')).toEqual({ client_id: '12345678', client_secret: 'second-s3cret' });
    expect(first.stdout + second.stdout + second.stderr).not.toMatch(/s3cret/);
  });

  test.for([
    ['JSON', '{"token": "s3cret+/="}'],
    ['bare', 's3cret+/=\n'],
  ] as const)('takes an admin token, %s', async ([, stdin]) => {
    const { code, stdout, stderr } = await set('admin-token', stdin);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('s3cret');
    expect(await valueOf('admin-token')).toEqual({ token: 's3cret+/=' });
  });

  test.for([
    ['client-credentials', '', 'value'],
    ['client-credentials', 's3cret', 'value'],
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret"', 'value'],
    ['client-credentials', '["s3cret"]', 'value'],
    ['client-credentials', '{"client_id": 1}', 'client_secret'],
    ['client-credentials', '{"client_id": "s3cret", "client_secret": "x"}', 'client_id'],
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret\\n"}', 'client_secret'],
    ['admin-token', '', 'token'],
    ['admin-token', 'two s3cret', 'token'],
    ['admin-token', '{"token": ["s3cret"]}', 'token'],
    ['admin-token', '{"secret": "s3cret"}', 'token'],
  ] as const)('refuses for %s: %j', async ([name, stdin, field]) => {
    const { code, stdout, stderr } = await set(name, stdin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^error: No usable ${field} was given; nothing was changed\\. Standard input is`),
    );
    expect(stderr).not.toContain('s3cret');
  });
});

describe('at a prompt', () => {
  test('shows the client id while it is typed, and the secret never', async () => {
    const { code, stdout, stderr } = await atTerminal('client-credentials', {
      'client_id:': '87654321\r',
      'client_secret:': ' typed-s3cret \r',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('has a new value');
    expect(stderr).toContain('87654321');
    expect(stdout + stderr).not.toContain('s3cret');
    expect(await valueOf('client-credentials')).toEqual({ client_id: '87654321', client_secret: 'typed-s3cret' });
  });

  test('takes an admin token', async () => {
    expect(await atTerminal('admin-token', { 'token:': 'typed-s3cret\r' })).toMatchObject({ code: 0 });
    expect(await valueOf('admin-token')).toEqual({ token: 'typed-s3cret' });
  });

  test('refuses what cannot be right', async () => {
    const { code, stderr } = await atTerminal('admin-token', { 'token:': 'a s3cret\r' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('No usable token was given; nothing was changed.')]);
    expect(stderr).not.toContain('s3cret');
  });

  test.for([
    ['client-credentials', 'client_id:'],
    ['admin-token', 'token:'],
  ] as const)('changes nothing on Ctrl-C: %s', async ([name, question]) => {
    const { code, stdout, stderr } = await atTerminal(name, { [question]: '\u0003' });
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('Interrupted; nothing was changed.');
  });
});

test.for([
  'set admin-token s3cret',
  'set s3cret',
  'set admin-token --token=s3cret',
  'set admin-token -ts3cret',
  'set __proto__',
])('never takes a value as an argument, or repeats it: %s', async (command) => {
  const { code, stdout, stderr } = await stack.gateway(['secrets', ...command.split(' ')]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('s3cret');
});
