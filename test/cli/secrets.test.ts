import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#cli/program.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { Outcome } from './local-stack.ts';
import { startWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack;
/** The client id that the sandbox accepts. */
let clientId: string;
beforeAll(async () => {
  stack = await startWholeStack();
  const { client_id } = await valueOf<{ client_id: number }>('client-credentials');
  clientId = String(client_id);
});
afterAll(() => stack.close());

async function valueOf<T>(name: SecretName): Promise<T> {
  // The caller declares the secret's type.
  return JSON.parse(await stack.textOf(name)) as T;
}

const set = (command: string, stdin: string) => stack.secrets(`set ${command}`, { stdin });

/** Changes the values that the sandbox accepts, as at Budgea's console. */
const budgea = {
  client: (client_secret: string) => stack.gateway.control('client', { client_secret }),
  admin: (token: string) => stack.gateway.control('admin-token', { token }),
};

/** Runs `secrets set` on a terminal, and types the answer to each prompt. */
async function atTerminal(name: string, answers: Record<string, string>): Promise<Outcome> {
  const terminal = {
    stdin: Object.assign(new PassThrough(), { isTTY: true }),
    stdout: new PassThrough(),
    // As on a real terminal, the end of a prompt does not end the stream.
    stderr: Object.assign(new PassThrough(), { end: () => terminal.stderr }),
  };
  let stderr = '';
  terminal.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    const prompt = Object.keys(answers).find((label) => stderr.includes(label));
    if (prompt === undefined) return;
    // The prompt reads input after it has been drawn.
    setImmediate((answer?: string) => terminal.stdin.write(answer), answers[prompt]);
    delete answers[prompt];
  });
  const stdout = text(terminal.stdout);
  const code = await run(['secrets', 'set', name, '--data', stack.data], terminal);
  terminal.stdout.end();
  return { code, stdout: await stdout, stderr };
}

describe('a value that Budgea accepts', () => {
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

  test('is tested without creating a user', async () => {
    await budgea.client('harmless-s3cret');
    await stack.gateway.upstreamCalls();
    await set('client-credentials', `{"client_id": "${clientId}", "client_secret": "harmless-s3cret"}`);
    expect(await stack.gateway.upstreamCalls()).toEqual(['POST /auth/token/access']);
  });

  test.for([
    ['JSON', '{"token": "s3cret+/="}'],
    ['bare', 's3cret+/=\n'],
  ] as const)('is stored and the manage token rotated: an admin token, %s', async ([, stdin]) => {
    await budgea.admin('s3cret+/=');
    const before = await stack.textOf('manage-token');
    const { code, stdout, stderr } = await set('admin-token', stdin);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Started the rotation of local/budgea/manage-token')]);
    expect(stdout).toContain('local/budgea/admin-token has a new value, which Budgea accepts.');
    expect(stdout + stderr).not.toContain('s3cret');
    expect(await valueOf('admin-token')).toEqual({ token: 's3cret+/=' });
    expect(await stack.textOf('manage-token')).not.toBe(before);
  });

  test('is used at once, also by functions with the old value in their cache', async () => {
    const { client_secret: key } = await stack.gateway.newPartner({ grants: ['admin:jwt:config:1'] });
    const mint = () => stack.gateway.call.http('POST', '/admin/jwt', { headers: { authorization: key } });
    expect((await mint()).status).toBe(200);
    await budgea.admin('another-s3cret');
    expect((await set('admin-token', 'another-s3cret')).code).toBe(0);
    expect((await mint()).status).toBe(200);
  });
});

describe('a value that Budgea does not accept', () => {
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

  test('is not stored: a token other than an admin token', async () => {
    const { jwt_token } = await valueOf<{ jwt_token: string }>('manage-token');
    const { code, stderr } = await set('admin-token', jwt_token);
    expect([code, stderr]).toEqual([1, expect.stringContaining('403 forbidden')]);
  });

  test.for([
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret"}', '/auth/token/access', 'maintenance'],
    ['client-credentials', '{"client_id": 1, "client_secret": "s3cret"}', '/auth/token/access', 'tooManyRequests'],
    ['admin-token', 's3cret', '/admin/jwt', 'html'],
    ['admin-token', 's3cret', '/admin/jwt', 'lost'],
  ] as const)('is not stored without a clear answer: %s, %s, %s, %s', async ([name, stdin, path, answer]) => {
    if (name === 'admin-token') await budgea.admin('s3cret');
    await stack.gateway.control('failures', { answer, path });
    const before = await stack.textOf(name);
    const { code, stdout, stderr } = await set(name, stdin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/neither accepts nor rejects .*; nothing was changed\. .*--untested\.$/m);
    expect(await stack.textOf(name)).toBe(before);
  });

  test('is not stored without an answer', async () => {
    const { code, stderr } = await set('admin-token --budgea-url https://127.0.0.1:1/2.0', 's3cret');
    expect([code, stderr]).toEqual([1, expect.stringContaining('(no usable answer: unreachable)')]);
  });

  test('is stored with --untested', async () => {
    const before = await stack.stages('manage-token');
    await stack.gateway.upstreamCalls();
    const { code, stdout, stderr } = await set('admin-token --untested', 'later-s3cret');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('not tested. The sandbox accepts it once the local stack is started again.');
    expect(await valueOf('admin-token')).toEqual({ token: 'later-s3cret' });
    expect(await stack.gateway.upstreamCalls()).toEqual([]);
    expect(await stack.stages('manage-token')).toEqual(before);
  });

  test('is stored in a new secret if a local secret is missing', async () => {
    await stack.client.send(
      new DeleteSecretCommand({ SecretId: 'local/budgea/client-credentials', ForceDeleteWithoutRecovery: true }),
    );
    const { stdout } = await set('client-credentials --untested --json', '{"client_id": 1, "client_secret": "s3cret"}');
    expect(JSON.parse(stdout)).toMatchObject({ created: true, tested: false });
  });
});

describe('an invalid value', () => {
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
  ] as const)('is rejected for %s: %j', async ([name, stdin, field]) => {
    const { code, stdout, stderr } = await set(name, stdin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^error: The ${field} is missing or invalid; nothing was changed\\. Expected .* on standard input`),
    );
    expect(stderr).not.toContain('s3cret');
  });
});

describe('at a prompt', () => {
  test('shows the client id while it is typed, but not the secret', async () => {
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

  test('accepts an admin token', async () => {
    await budgea.admin('typed-s3cret');
    expect(await atTerminal('admin-token', { 'token:': 'typed-s3cret\r' })).toMatchObject({ code: 0 });
    expect(await valueOf('admin-token')).toEqual({ token: 'typed-s3cret' });
  });

  test('rejects an invalid value', async () => {
    const { code, stderr } = await atTerminal('admin-token', { 'token:': 'a s3cret\r' });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('The token is missing or invalid; nothing was changed.'),
    ]);
    expect(stderr).not.toContain('s3cret');
  });

  test.for([
    ['client-credentials', 'client_id:'],
    ['admin-token', 'token:'],
  ] as const)('changes nothing on Ctrl-C: %s', async ([name, prompt]) => {
    const { code, stdout, stderr } = await atTerminal(name, { [prompt]: '\u0003' });
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
])('a value is not accepted as an argument, and not printed: %s', async (command) => {
  const { code, stdout, stderr } = await stack.secrets(command);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('s3cret');
});
