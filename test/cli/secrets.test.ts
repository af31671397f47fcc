import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#cli/run.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { Outcome } from './local-stack.ts';
import { startWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack;
/** What the sandbox takes. */
let clientId: string;
beforeAll(async () => {
  stack = await startWholeStack();
  const { client_id } = await valueOf<{ client_id: number }>('client-credentials');
  clientId = String(client_id);
});
afterAll(() => stack.close());

async function valueOf<T>(name: SecretName): Promise<T> {
  // Whoever asks knows the secret's shape.
  return JSON.parse(await stack.textOf(name)) as T;
}

const set = (command: string, stdin: string) => stack.secrets(`set ${command}`, { stdin });

/** As at Budgea's console. */
const budgea = {
  client: (client_secret: string) => stack.gateway.control('client', { client_secret }),
  admin: (token: string) => stack.gateway.control('admin-token', { token }),
};

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

describe('what Budgea takes', () => {
  test('is stored: client credentials', async () => {
    await budgea.client('first-s3cret');
    const input = { client_id: Number(clientId), client_secret: 'first-s3cret' };
    const { code, stdout, stderr } = await set('client-credentials --json', `${JSON.stringify(input)}\n`);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      secret: 'local/budgea/client-credentials',
      version_id: expect.any(String),
      created: false,
      tested: true,
    });
    expect(await valueOf('client-credentials')).toEqual({ client_id: clientId, client_secret: 'first-s3cret' });
  });

  test('is found out without making a user', async () => {
    await budgea.client('harmless-s3cret');
    await stack.gateway.upstreamCalls();
    await set('client-credentials', `{"client_id": "${clientId}", "client_secret": "harmless-s3cret"}`);
    expect(await stack.gateway.upstreamCalls()).toEqual(['POST /auth/token/access']);
  });

  test.for([
    ['JSON', '{"token": "s3cret+/="}'],
    ['bare', 's3cret+/=\n'],
  ] as const)('is stored, and the manage token minted with it: an admin token, %s', async ([, stdin]) => {
    await budgea.admin('s3cret+/=');
    const before = await stack.textOf('manage-token');
    const { code, stdout, stderr } = await set('admin-token', stdin);
    expect([code, stderr]).toEqual([0, expect.stringContaining('The rotation of local/budgea/manage-token has begun')]);
    expect(stdout).toContain('local/budgea/admin-token has a new value, which Budgea takes.');
    expect(stdout + stderr).not.toContain('s3cret');
    expect(await valueOf('admin-token')).toEqual({ token: 's3cret+/=' });
    expect(await stack.textOf('manage-token')).not.toBe(before);
  });

  test('serves callers at once, whatever functions still hold', async () => {
    const { client_secret: key } = await stack.gateway.newPartner({ grants: ['admin:jwt:config:1'] });
    const mint = () => stack.gateway.ask.http('POST', '/admin/jwt', { headers: { authorization: key } });
    expect((await mint()).status).toBe(200);
    await budgea.admin('another-s3cret');
    expect((await set('admin-token', 'another-s3cret')).code).toBe(0);
    expect((await mint()).status).toBe(200);
  });
});

describe('what Budgea does not take', () => {
  test.for([
    ['client-credentials', '{"client_id": 1, "client_secret": "wrong-s3cret"}', '401 invalidClient', 'client'],
    ['admin-token', 'wrong-s3cret', '403 invalidToken', 'admin-token'],
  ] as const)('is not stored: %s', async ([name, stdin, answer, control]) => {
    const before = await stack.textOf(name);
    const { code, stdout, stderr } = await set(name, stdin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`(it answered ${answer}); nothing was changed.`);
    expect(stderr).toContain(`/_sandbox/${control} -d `);
    expect(stderr).not.toContain('s3cret');
    expect(await stack.textOf(name)).toBe(before);
  });

  test('is not stored: a token that is no admin token', async () => {
    const { jwt_token } = await valueOf<{ jwt_token: string }>('manage-token');
    const { code, stderr } = await set('admin-token', jwt_token);
    expect([code, stderr]).toEqual([1, expect.stringContaining('403 forbidden')]);
  });

  test.for([
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret"}', '/auth/token/access', 'maintenance'],
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret"}', '/auth/token/access', 'tooManyRequests'],
    ['admin-token', 's3cret', '/admin/jwt', 'html'],
    ['admin-token', 's3cret', '/admin/jwt', 'lost'],
  ] as const)('is not stored when it does not say: %s, %s', async ([name, stdin, path, answer]) => {
    if (name === 'admin-token') await budgea.admin('s3cret');
    await stack.gateway.control('failures', { answer, path });
    const before = await stack.textOf(name);
    const { code, stdout, stderr } = await set(name, stdin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/does not say whether it takes .*; nothing was changed\. .*--untested\.$/m);
    expect(await stack.textOf(name)).toBe(before);
  });

  test('is not stored when it does not answer', async () => {
    const { code, stderr } = await set('admin-token --budgea-url https://127.0.0.1:1/2.0', 's3cret');
    expect([code, stderr]).toEqual([1, expect.stringContaining('(no usable answer: unreachable)')]);
  });

  test('is stored all the same with --untested, until the sandbox begins with it', async () => {
    const before = await stack.stages('manage-token');
    await stack.gateway.upstreamCalls();
    const { code, stdout, stderr } = await set('admin-token --untested', 'later-s3cret');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('not tested. The sandbox takes it when the local stack starts again.');
    expect(await valueOf('admin-token')).toEqual({ token: 'later-s3cret' });
    expect(await stack.gateway.upstreamCalls()).toEqual([]);
    expect(await stack.stages('manage-token')).toEqual(before);
  });

  test('can be stored in a local secret that is missing', async () => {
    await stack.client.send(
      new DeleteSecretCommand({ SecretId: 'local/budgea/client-credentials', ForceDeleteWithoutRecovery: true }),
    );
    const { stdout } = await set('client-credentials --untested --json', '{"client_id": 1, "client_secret": "s3cret"}');
    expect(JSON.parse(stdout)).toMatchObject({ created: true, tested: false });
  });
});

describe('what cannot be right', () => {
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
    await budgea.client('typed-s3cret');
    const { code, stdout, stderr } = await atTerminal('client-credentials', {
      'client_id:': `${clientId}\r`,
      'client_secret:': ' typed-s3cret \r',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('has a new value');
    expect(stderr).toContain(clientId);
    expect(stdout + stderr).not.toContain('s3cret');
    expect(await valueOf('client-credentials')).toEqual({ client_id: clientId, client_secret: 'typed-s3cret' });
  });

  test('takes an admin token', async () => {
    await budgea.admin('typed-s3cret');
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
  const { code, stdout, stderr } = await stack.secrets(command);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('s3cret');
});
