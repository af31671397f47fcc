import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '#local/loopback.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { callsTo, CONTRACT } from './sandbox-harness.ts';

const START = new URL('../../local/sandbox/start.ts', import.meta.url).pathname;
const HOME = 'https://app.example/home';

let data: string;
let port: number;
let started: ChildProcess[];
const { call } = callsTo(() => `http://127.0.0.1:${port}/2.0`);

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sandbox-'));
  port = await freePort();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((process) => end(process, 'SIGKILL')));
  await rm(data, { recursive: true });
});

test('prints credentials that work, keeps them for their owner alone, and stops cleanly', async () => {
  const { process, output } = await start('--redirect-uri', HOME);
  const secret = /client_secret +(\S+)/.exec(output)?.[1] ?? '';
  const client = { client_id: /client_id +(\d+)/.exec(output)?.[1] ?? '', client_secret: secret };
  expect(await call('POST /auth/init', { form: client })).toMatchObject({ status: 200, body: { type: 'permanent' } });

  const admin = /admin token +(\S+)/.exec(output)?.[1];
  expect(await call('POST /admin/jwt', { token: admin })).toMatchObject({ status: 200 });

  const webauth = /http\S+\/webauth\S+/.exec(output)?.[0] ?? '';
  expect(await call(`GET ${webauth}`)).toMatchObject({ status: 307 });
  const query = new URLSearchParams({ client_id: client.client_id, redirect_uri: HOME });
  expect(await call(`GET /webauth?${query.toString()}`)).toMatchObject({ status: 307 });

  expect((await stat(join(data, 'credentials.json'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(data, 'credentials.json'), 'utf8')).toContain(secret);
  expect(await end(process, 'SIGINT')).toBe(0);
});

test('loses nothing that it answered when it is killed; --fresh forgets it', async () => {
  const first = await start();
  const { body } = await call('POST /auth/init');
  await end(first.process, 'SIGKILL');

  const second = await start();
  expect(credentialsIn(second.output)).toBe(credentialsIn(first.output));
  expect(await call('GET /users/me', { token: String(body['auth_token']) })).toMatchObject({ status: 200 });
  await end(second.process, 'SIGTERM');

  const third = await start('--fresh');
  expect(credentialsIn(third.output)).not.toBe(credentialsIn(first.output));
  expect(await call('GET /users/me', { token: String(body['auth_token']) })).toMatchObject({ status: 403 });
});

test('says what is in the way, and leaves a running sandbox alone', async () => {
  const running = await startSandbox({ ...CONTRACT, folder: join(data, 'state') });
  const [taken, locked] = await Promise.all([
    run('--port', String(running.port), '--data', data),
    run('--port', String(port), '--data', data, '--fresh'),
  ]);
  expect(taken).toEqual({ code: 1, errors: expect.stringMatching(/^The port is in use.*--port\.\n$/) });
  expect(locked).toEqual({ code: 1, errors: expect.stringMatching(/^The state folder is in use.*--data\.\n$/) });
  port = running.port;
  expect(await call('POST /auth/init')).toMatchObject({ status: 200 });
  await running.close();
});

test.each([
  ['--odd'],
  ['--port', '70000'],
  ['--redirect-uri', `${HOME}?query`],
  ['--redirect-uri', `${HOME}#fragment`],
  ['--redirect-uri', '/home'],
])('rejects %s %s', async (...args) => {
  expect(await run(...args)).toEqual({ code: 1, errors: expect.stringContaining(args[0]) });
});

/** Starts a sandbox on this test's port and folder; resolves when it has printed everything. */
async function start(...args: string[]): Promise<{ process: ChildProcess; output: string }> {
  const child = spawn(process.execPath, [START, '--port', String(port), '--data', data, ...args]);
  started.push(child);
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes('Ctrl-C')) resolve();
  });
  child.once('exit', () => reject(new Error(`The sandbox did not start: ${errors}`)));
  await promise;
  return { process: child, output };
}

/** Runs a command that ends by itself. */
async function run(...args: string[]): Promise<{ code: unknown; errors: string }> {
  const child = spawn(process.execPath, [START, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, errors };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}

function credentialsIn(output: string): string {
  return /client_id[^]*?admin token.*/.exec(output)?.[0] ?? '';
}
