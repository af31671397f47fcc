import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { now } from '#lib/clock.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import type { Clock } from '#tools/contract/domain.ts';
import type { Terminal } from '#tools/contract/credentials.ts';
import { main } from '#tools/contract/main.ts';
import { CONTRACT } from '../local/sandbox-harness.ts';
import { CREDENTIALS, startFakeUpstream, type Difference } from './fake-upstream.ts';

interface JsonReport {
  users: { created: number; notDeleted: number; untraceable: number };
  breaking: string[];
  answers: {
    number: number;
    outcome: 'answered' | 'skipped';
    missing: string[];
    exchanges: { request: string; status?: number; failure?: string; envelope?: string; fields: object }[];
    notes: string[];
    assumptions: { id: string; outcome: string }[];
  }[];
}

/** A clock that sleeps in no time. */
function fastClock(): Clock {
  let time = now();
  return {
    now: () => time,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      time += milliseconds;
    },
  };
}

interface RunOptions {
  credentials?: object;
  clock?: Clock;
  signal?: AbortSignal;
  stdin?: Terminal['stdin'];
  /** Typed at the prompts, by label. */
  type?: Record<string, string>;
}

/** Runs the command in this process. */
async function run(upstream: string, flags: readonly string[] = [], options: RunOptions = {}) {
  const { credentials = {}, clock = fastClock(), signal = new AbortController().signal, type = {} } = options;
  const json = join(await mkdtemp(join(tmpdir(), 'contract-')), 'report.json');
  const output = { stdout: '', stderr: '' };
  const stdin = options.stdin ?? Readable.from([JSON.stringify(credentials)]);
  const terminal = { stdin, stdout: new PassThrough(), stderr: new PassThrough(), signal };
  // As the real one, it does not end with a prompt that was piped to it.
  Object.assign(terminal.stderr, { end: () => terminal.stderr });
  for (const name of ['stdout', 'stderr'] as const) {
    terminal[name].on('data', (chunk: Buffer) => void (output[name] += chunk.toString()));
  }
  const typed = { ...type };
  terminal.stderr.on('data', () => {
    const label = Object.keys(typed).find((text) => output.stderr.includes(text));
    if (label === undefined) return;
    // The prompt listens when it has been drawn.
    setImmediate((answer: string | undefined) => stdin instanceof PassThrough && stdin.write(answer), typed[label]);
    delete typed[label];
  });
  const code = await main(['--upstream', upstream, '--json', json, ...flags], terminal, clock);
  await new Promise(setImmediate);
  const text = await readFile(json, 'utf8').catch(() => '');
  const report = text === '' ? undefined : (JSON.parse(text) as JsonReport);
  return { code, ...output, text, report };
}

/** A domain of one test. */
async function fake(differences: readonly Difference[] = [], onCall?: (line: string) => void) {
  const clock = fastClock();
  const upstream = await startFakeUpstream(clock, new Set(differences), onCall);
  onTestFinished(upstream.close);
  return { ...upstream, clock };
}

function outcomes(report: JsonReport | undefined, outcome: string): string[] {
  return (report?.answers ?? [])
    .flatMap(({ assumptions }) => assumptions.filter((row) => row.outcome === outcome))
    .map(({ id }) => id);
}

/** Starts the command in a process. */
async function command(args: readonly string[], input = '') {
  const child = spawn(process.execPath, ['tools/contract/run.ts', ...args]);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => void (output[name] += chunk.toString()));
  }
  child.stdin.end(input);
  const closed = once(child, 'close').then(() => ({ code: child.exitCode, ...output }));
  return { child, closed };
}

/** Enter at each prompt for a credential. */
const skipsAll = Object.fromEntries(
  ['Client id', 'Client secret', 'Users token', 'Config token', 'Admin manage token'].map((label) => [label, '\r']),
);

const all = ['--create', '--burst', '--slow'];

test('the sandbox agrees with every assumption, and routes that it lacks are not offered', async () => {
  const sandbox = await startSandbox(CONTRACT);
  onTestFinished(() => sandbox.close());
  const response = await fetch(`${sandbox.url}/admin/jwt`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CONTRACT.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: 'users', duration: 60 }),
  });
  const { jwt_token } = (await response.json()) as { jwt_token: string };
  const tokens = { users_token: jwt_token, config_token: jwt_token, admin_token: CONTRACT.adminToken };
  const { code, report, stdout } = await run(sandbox.url, ['--create', '--burst'], {
    credentials: { ...CONTRACT.client, ...tokens },
  });
  expect(outcomes(report, 'differs')).toEqual([]);
  expect(code).toBe(0);
  expect(report?.users).toEqual({ created: expect.any(Number), notDeleted: 0, untraceable: 0 });
  expect(report?.users.created).toBeGreaterThan(5);
  for (const route of ['POST /auth/renew', 'GET /users', 'GET /webauth-url']) {
    expect(stdout).toContain(`${route}: 404, not offered.`);
  }
  expect(stdout).toContain('POST /auth/token: 405, not offered.');
  const skipped = report?.answers.filter(({ outcome }) => outcome === 'skipped');
  expect(skipped?.map(({ number, missing }) => [number, missing])).toEqual([
    [11, ['--browser']],
    [18, ['--browser']],
    [21, ['--browser']],
  ]);
});

describe('a domain', () => {
  test('that agrees with every assumption passes', async () => {
    const upstream = await fake();
    const { code, report, stdout } = await run(upstream.url, all, { ...upstream, credentials: CREDENTIALS });
    expect(outcomes(report, 'differs')).toEqual([]);
    expect(outcomes(report, 'not observed')).toEqual(['webhooks-user-token', 'webauth-redirects', 'webview-language']);
    expect(code).toBe(0);
    expect(stdout).toContain('## Differences\n\nNone.');
    expect(upstream.users.size).toBe(0);
  });

  const differences: [Difference, string[], number][] = [
    ['bad client is 400', ['bad-client-401'], 1],
    ['renewal creates', ['renew-no-user'], 0],
    ['deletions are 204', ['delete-user-200'], 0],
    ['OAuth envelope', ['error-envelope', 'bad-code-400'], 1],
    ['HTML for 503', ['overload-envelope'], 0],
    ['users is null', ['users-array'], 1],
    ['codes work twice', ['single-code-once'], 1],
    ['bad token is 401', ['bad-token-403'], 0],
    ['no message', ['message-key'], 0],
    ['no Retry-After', ['retry-after'], 0],
  ];

  test.for(differences)('differs: %s', async ([difference, expected, exitCode]) => {
    const upstream = await fake([difference]);
    const { code, report, stderr } = await run(upstream.url, all, { ...upstream, credentials: CREDENTIALS });
    expect(outcomes(report, 'differs')).toEqual(expected);
    expect(code).toBe(exitCode);
    for (const id of report?.breaking ?? []) expect(stderr).toContain(`Breaks a partner: ${id}. `);
    expect(report?.breaking.length).toBe(exitCode === 0 ? 0 : expected.length);
    expect(upstream.users.size).toBe(0);
  });

  test('differs in all ten ways at once, and no report or line repeats a value', async () => {
    const upstream = await fake(differences.map(([difference]) => difference));
    const outcome = await run(upstream.url, all, { ...upstream, credentials: CREDENTIALS });
    expect(outcomes(outcome.report, 'differs').toSorted()).toEqual(differences.flatMap(([, ids]) => ids).toSorted());
    expect(outcome.code).toBe(1);
    expect(upstream.values.size).toBeGreaterThan(50);
    for (const value of upstream.values) {
      for (const text of [outcome.stdout, outcome.stderr, outcome.text]) expect(text).not.toContain(value);
    }
  });
});

describe('calls', () => {
  test('stay under 25 in any minute, the burst aside', async () => {
    const upstream = await fake();
    await run(upstream.url, ['--create'], { ...upstream, credentials: CREDENTIALS });
    const times = upstream.calls.map(({ time }) => time);
    expect(times.length).toBeGreaterThan(60);
    for (const start of times) {
      expect(times.filter((time) => time >= start && time < start + 60_000).length).toBeLessThan(25);
    }
  });

  test('create nothing without flags, and name what is missing', async () => {
    const upstream = await fake();
    const { code, report } = await run(upstream.url, [], { ...upstream, credentials: CREDENTIALS });
    expect(code).toBe(0);
    expect(report?.users.created).toBe(0);
    expect(upstream.calls.filter(({ line }) => /\/auth\/(init|renew|jwt|token)$/.test(line))).toEqual([]);
    const skipped = report?.answers.filter(({ outcome }) => outcome === 'skipped') ?? [];
    expect(skipped.length).toBeGreaterThan(5);
    for (const { missing } of skipped) expect(missing.join()).toMatch(/--(create|burst|browser)/);
  });

  test('without credentials name the missing ones', async () => {
    const upstream = await fake();
    const { report, stdout } = await run(upstream.url, ['--create'], upstream);
    expect(report?.answers[6]).toMatchObject({ outcome: 'skipped', missing: ['client'] });
    expect(stdout).toContain('not tried without: the client credentials');
    expect(upstream.users.size).toBe(0);
  });

  test('do not follow redirects, and read 1 MiB at most', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      if (request.url === '/2.0/users/me') response.end('x'.repeat(1_048_577));
      else response.writeHead(302, { location: '/elsewhere' }).end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { report } = await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/2.0`);
    expect(paths).not.toContain('/elsewhere');
    const exchanges = report?.answers.flatMap((answer) => answer.exchanges);
    expect(exchanges).toContainEqual(expect.objectContaining({ status: 302, envelope: 'empty' }));
    expect(exchanges).toContainEqual(expect.objectContaining({ failure: 'too large' }));
  });
});

describe('users', () => {
  test.for([3, 4, 8, 13])('are deleted after an interruption at creation %i', async (at) => {
    const interruption = new AbortController();
    let count = 0;
    // The new user's token arrives after the interruption. The first two creations are rejected.
    const upstream = await fake([], (line) => line === 'POST /auth/init' && ++count === at && interruption.abort());
    const { signal } = interruption;
    const { code, stdout, stderr } = await run(upstream.url, all, { ...upstream, credentials: CREDENTIALS, signal });
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/Users: ([1-9]\d*) created, \1 deleted, 0 left\./);
    expect(upstream.users.size).toBe(0);
  });

  test('that cannot be deleted are named on the terminal only', async () => {
    const upstream = await fake(['users cannot be deleted']);
    const started = upstream.clock.now();
    const { report, stdout, stderr, text } = await run(upstream.url, ['--create'], {
      ...upstream,
      credentials: CREDENTIALS,
    });
    expect(upstream.users.size).toBeGreaterThan(0);
    expect(report?.users.notDeleted).toBe(upstream.users.size);
    expect(upstream.calls.filter(({ line }) => line === 'DELETE /users/me').length).toBeGreaterThan(
      2 * upstream.users.size,
    );
    expect(upstream.clock.now() - started).toBeLessThan(20 * 60_000);
    for (const id of upstream.users.keys()) {
      expect(stderr).toContain(`Not deleted: the user ${id}.`);
      expect(stdout + text).not.toContain(id);
    }
  });
});

describe('users', () => {
  test('are deleted after an error', async () => {
    const upstream = await fake();
    let sleeps = 0;
    const { now: time, sleep } = upstream.clock;
    const clock: Clock = {
      now: time,
      sleep: (milliseconds, signal) =>
        ++sleeps === 40 ? Promise.reject(new Error('a defect')) : sleep(milliseconds, signal),
    };
    await expect(run(upstream.url, all, { clock, credentials: CREDENTIALS })).rejects.toThrow('a defect');
    expect(upstream.calls.filter(({ line }) => line === 'POST /auth/init').length).toBeGreaterThan(3);
    expect(upstream.users.size).toBe(0);
  });

  test('whose token did not arrive are counted', async () => {
    const upstream = await fake(['new users are lost']);
    const { report, stderr } = await run(upstream.url, ['--create'], { ...upstream, credentials: CREDENTIALS });
    expect(upstream.users.size).toBeGreaterThan(0);
    expect(report?.users).toMatchObject({ notDeleted: 0, untraceable: upstream.users.size });
    expect(stderr).toContain(`${upstream.users.size} calls that may have created another`);
  });
});

describe('credentials', () => {
  test('are prompted for on a terminal and not shown; Enter skips one', async () => {
    const upstream = await fake();
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const { client_id, client_secret } = CREDENTIALS;
    const { code, report, stdout, stderr } = await run(upstream.url, [], {
      ...upstream,
      stdin,
      type: { ...skipsAll, 'Client id': `${client_id}\r`, 'Client secret': `${client_secret}\r` },
    });
    expect(code).toBe(0);
    expect(report?.answers[6]).toMatchObject({ outcome: 'answered' });
    expect(report?.answers[16]).toMatchObject({ outcome: 'skipped', missing: ['admin', 'users', '--create'] });
    for (const value of [client_id, client_secret]) expect(stdout + stderr).not.toContain(value);
  });

  test.for(['["s3cret"]', '{"client_secret":"s3cret"}', '{"s3cret":"x"}', '{"users_token":"s3cret'])(
    'that are not valid are not repeated: %s',
    async (input) => {
      const { code, stdout, stderr } = await run('https://x.biapi.pro/2.0', [], { stdin: Readable.from([input]) });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).not.toContain('s3cret');
    },
  );
});

test('a person describes what the browser shows', async () => {
  const upstream = await fake();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { code, report, stderr } = await run(upstream.url, ['--browser'], {
    ...upstream,
    stdin,
    type: {
      ...skipsAll,
      'register a webhook': '4\n',
      'with a connector field': '4\n',
      'with a spent code': '1\n',
      'both addresses': '3\n',
    },
  });
  expect(stderr).toContain(`${upstream.url}/webauth?client_id=CLIENT_ID&`);
  expect(report?.breaking).toEqual(['webauth-redirects']);
  expect(outcomes(report, 'differs')).toEqual(['webauth-redirects', 'webview-language']);
  expect(report?.answers[17]?.notes).toEqual(['Seen: no bank page.']);
  expect(code).toBe(1);
});

test.for([
  ['a credential', { 'Client id': '\u0003' }],
  ['what the browser shows', { ...skipsAll, 'register a webhook': '\u0003' }],
] as const)('Ctrl-C at the prompt for %s ends the command', async ([, type]) => {
  const upstream = await fake();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { code, stdout } = await run(upstream.url, ['--browser'], { ...upstream, stdin, type });
  expect([code, stdout]).toEqual([130, '']);
});

describe('the command', () => {
  test('has a help text with examples', async () => {
    const { code, stdout } = await (await command(['--help'])).closed;
    expect(code).toBe(0);
    for (const text of ['--create', '--burst', '--slow', '--browser', 'Examples:']) expect(stdout).toContain(text);
  });

  test.for([
    { args: [] },
    { args: ['--upstream', 'http://s3cret.example/2.0'] },
    { args: ['--upstream', 'https://s3cret:s3cret@x.example/2.0'] },
    { args: ['--upstream', 'https://x.example/2.0', '--client-secret=s3cret'] },
    { args: ['--upstream', 'https://x.example/2.0', 's3cret'] },
    { args: ['--upstream', 'https://x.example/2.0', '--report', '/s3cret/report.md'] },
  ])('rejects wrong usage without repeating it: %j', async ({ args }) => {
    const { code, stdout, stderr } = await (await command(args)).closed;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain('s3cret');
  });

  test('exits with 130 on Ctrl-C', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const upstream = await fake([], () => resolve());
    const { child, closed } = await command(['--upstream', upstream.url, '--create'], '{}');
    await promise;
    child.kill('SIGINT');
    const { code, stderr } = await closed;
    expect(code).toBe(130);
    expect(stderr).toContain('Users: 0 created, 0 deleted, 0 left.');
  });

  test('exits with 2 when the domain does not respond', async () => {
    const upstream = await fake();
    await upstream.close();
    const { code, stdout, stderr } = await run(upstream.url, ['--create']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('did not respond');
    expect(stderr).toContain('Users: 0 created, 0 deleted, 0 left.');
  });
});
