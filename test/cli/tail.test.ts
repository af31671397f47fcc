import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProgram, run } from '#cli/program.ts';
import { createSession } from '#cli/session.ts';
import { deployedLines } from '#cli/tail/deployed.ts';
import type { Filter } from '#cli/tail/log-line.ts';
import { operatorStatements } from '#infra/operator.ts';
import { secretNames } from '#lib/config/names.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations, type SecretName } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { runJob } from '#local/jobs.ts';
import { createFeed, stream } from '#local/console/feed.ts';
import { form, startGateway, type Gateway } from '../gateway.ts';
import { startProxy } from '../proxy.ts';
import { startAws } from '../roles.ts';
import { startAwsAccount, type AwsAccount, type LogEvent } from './aws-account.ts';
import { outcomeOf, runCommand, stackFolder, startProcess } from './local-stack.ts';

/** Returns a function that reads the next line of a stream. */
function linesOf(input: PassThrough): () => Promise<string> {
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  return async () => String((await lines.next()).value);
}

/** Runs `tail` in this process, until the test ends. */
function tail(...args: string[]) {
  const terminal = { stdin: new PassThrough().end(), stdout: new PassThrough(), stderr: new PassThrough() };
  const code = run(['tail', ...args], terminal).finally(() => {
    terminal.stdout.end();
    terminal.stderr.end();
  });
  /** Ends the command as Ctrl-C does and returns its exit code. */
  const interrupt = () => {
    process.emit('SIGINT');
    return code;
  };
  onTestFinished(async () => void (await interrupt()));
  return { next: linesOf(terminal.stdout), nextNote: linesOf(terminal.stderr), interrupt };
}

const header = /^TIME, UTC +PARTNER +OPERATION +KIND +STATUS +GATEWAY +UPSTREAM +REQUEST$/;

describe('a local stack', () => {
  let gateway: Gateway;
  let data: string;
  let partner: DemoPartner;
  beforeAll(async () => {
    gateway = await startGateway();
    data = await stackFolder(gateway.file);
    partner = await gateway.newPartner();
  });
  afterAll(async () => {
    await gateway.close();
    await rm(data, { recursive: true });
  });

  const call = (credentials: Record<string, string> = {}) => gateway.call.http('POST', '/auth/init', form(credentials));

  test('prints calls and runs of jobs from now on, one per line', async () => {
    await call();
    const { next, interrupt } = tail('--data', data);
    expect(await next()).toMatch(header);
    const { headers } = await call({ ...partner });
    const id = headers['x-request-id'];
    expect(await next()).toMatch(
      new RegExp(
        `^[\\d:.]{12} {2}${partner.client_id} {2}auth_init_post {12}client {8}200 +\\d+ ms +\\d+ ms {2}${id}$`,
      ),
    );
    await gateway.call.http('GET', '/users/4242', { headers: { authorization: partner.client_secret } });
    expect(await next()).toMatch(/ users_id_user_get +bearer_key +404 .* - {2}[\w-]{36} {2}notFound: /);
    await runJob('fetch-certificates');
    expect(await next()).toMatch(/ - {9}fetch_certificates +- +success /);
    expect(await interrupt()).toBe(0);
  });

  test('starts earlier with --since, and prints the log lines with --json', async () => {
    gateway.logs();
    await call();
    await call({ ...partner });
    const logged = gateway.logs().map(({ _aws, ...line }) => line);
    const { next, interrupt } = tail('--json', '--since', '1h', '--operation', 'auth_init_post', '--data', data);
    const lines: Record<string, unknown>[] = [];
    while (lines.at(-1)?.['request_id'] !== logged.at(-1)?.['request_id']) lines.push(JSON.parse(await next()));
    expect(lines.slice(-2)).toMatchObject(logged);
    expect(lines.map((line) => '_aws' in line)).not.toContain(true);
    expect(await interrupt()).toBe(0);
  });

  test.for([
    ['--partner %', '200'],
    ['--failed', '401 404'],
    ['--status 4xx --operation users_id_user_get auth_token_delete', '404'],
    ['--status 401', '401'],
    ['--status 20x', '200 200'],
  ] as const)('filters by %s', async ([options, statuses]) => {
    const own = await gateway.newPartner();
    const { next, interrupt } = tail(...options.replace('%', own.client_id).split(' '), '--data', data);
    await next();
    await call();
    await gateway.call.http('GET', '/users/4242', { headers: { authorization: partner.client_secret } });
    await call({ ...partner });
    await call({ ...own });
    for (const status of statuses.split(' '))
      expect(await next()).toMatch(new RegExp(`(client|anonymous|bearer_key) +${status} `));
    expect(await interrupt()).toBe(0);
    expect(await next()).toBe('undefined');
  });

  test('fits a narrow window: the request id, which is not cut, and the reason are on a second line', async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 60, getColorDepth: () => 1 });
    const terminal = { stdin: new PassThrough().end(), stdout, stderr: new PassThrough() };
    const code = run(['tail', '--no-color', '--data', data], terminal);
    const next = linesOf(stdout);
    await next();
    const { headers } = await gateway.call.http('GET', '/users/4242', {
      headers: { authorization: partner.client_secret },
    });
    expect(await next()).toMatch(/ users_i… +bearer_key /);
    expect(await next()).toMatch(new RegExp(`^ {2}${headers['x-request-id']} {2}notFound: not this …$`));
    process.emit('SIGINT');
    expect(await code).toBe(0);
  });

  test('ends silently on Ctrl-C, and after the reader of its output has exited', async () => {
    const interrupted = startProcess(['tail', '--data', data]);
    await once(interrupted.stdout, 'data');
    interrupted.kill('SIGINT');
    expect(await outcomeOf(interrupted)).toEqual({ code: 0, stdout: '', stderr: '' });

    const unread = startProcess(['tail', '--data', data]);
    await once(unread.stdout, 'data');
    unread.stdout.destroy();
    const ended = Promise.all([text(unread.stderr), once(unread, 'exit')]);
    await call();
    expect(await ended).toEqual(['', [0, null]]);
  });
});

/** Returns the log line of a run of a job. */
const jobRun = (request_id: string) => ({
  time: new Date().toISOString(),
  request_id,
  outcome: 'success' as const,
  duration_ms: 1,
  job: 'watch' as const,
});

/** Starts a server of events. */
const startFeed = async () => {
  const feed = createFeed();
  const server = createServer((request, response) => stream(feed, request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    feed,
    close,
    file: { gateway: `http://127.0.0.1:${port}/2.0`, secretsManager: 'http://x', dynamodb: 'http://x' },
  };
};

test('waits for a stack that stopped, and continues where it stopped', async () => {
  const first = await startFeed();
  const data = await stackFolder(first.file);
  onTestFinished(() => rm(data, { recursive: true }));
  const { next, nextNote, interrupt } = tail('--data', data);
  await next();
  first.feed.add('job', jobRun('one'));
  expect(await next()).toContain('one');
  await first.close();
  expect(await nextNote()).toMatch(/^The local stack has stopped\. Waiting .*Ctrl-C/);
  const second = await startFeed();
  onTestFinished(() => second.close());
  second.feed.add('job', jobRun('two, before the reconnect'));
  await writeFile(join(data, 'stack.json'), JSON.stringify(second.file));
  expect(await nextNote()).toBe('The local stack runs again.');
  expect(await next()).toContain('two, before the reconnect');
  expect(await interrupt()).toBe(0);
});

test('fails at once if the stack does not run, or another server answers', async () => {
  expect(await runCommand(['tail', '--data', '/nowhere'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: No local stack runs in \/nowhere/),
  });
  const server = await startProxy(
    () => '',
    async () => ({ status: 404, headers: {}, body: '' }),
  );
  const gateway = `${server.url}/2.0`;
  const data = await stackFolder({ gateway, secretsManager: gateway, dynamodb: gateway });
  onTestFinished(() => rm(data, { recursive: true }));
  expect((await runCommand(['tail', '--data', data])).stderr).toMatch(/does not report calls \(404\)\. Start/);
  await server.close();
  const { code, stderr } = await runCommand(['tail', '--data', data]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('no longer answers. Start it again')]);
});

test.for(['--status 6xx', '--since 10', '--partner acme', '--operation auth_init'])(
  '%s is wrong usage',
  async (option) => {
    expect(await runCommand(['tail', ...option.split(' '), '--data', '/nowhere'])).toMatchObject({
      code: 2,
      stdout: '',
    });
  },
);

const group = (id: string) => `/aws/lambda/dev-gateway-${functionName(id)}`;
const arn = (name: string) => `arn of ${name}`;

/** Makes the command line call CloudWatch Logs at an endpoint. */
const useLogs = (endpoint: string) => {
  const env = {
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

describe('a deployed environment', () => {
  let account: AwsAccount;
  let startedAt: number;
  const logged = (at: number, request_id: string, fields: object): LogEvent => ({
    timestamp: startedAt + at,
    message: JSON.stringify({
      time: new Date(startedAt + at).toISOString(),
      request_id,
      outcome: 'success',
      status: 200,
      duration_ms: 21,
      upstream_ms: 20,
      upstream_attempts: 2,
      ...fields,
      _aws: {},
    }),
  });

  beforeAll(async () => {
    account = await startAwsAccount();
  });
  // The time does not pass: what the command shows depends on how long ago it was.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });
  afterAll(() => account.close());

  const deploy = () => {
    startedAt = Date.now();
    account.logs = Object.fromEntries(Object.keys({ ...operations, ...jobs }).map((id) => [group(id), []]));
    const write = (id: string, ...events: LogEvent[]) => account.logs[group(id)]?.push(...events);
    write(
      'auth_init_post',
      logged(-9_000, 'old', { operation: 'auth_init_post', partner: '11111111' }),
      { timestamp: startedAt - 5_000, message: '{"type":"platform.report","record":{}}' },
      { timestamp: startedAt - 5_000, message: 'not JSON' },
      logged(-4_000, 'a', { operation: 'auth_init_post', partner: '11111111' }),
      logged(-1_000, 'd', { operation: 'auth_init_post', partner: '22222222', status: 503, outcome: 'failed' }),
    );
    write(
      'users_id_user_get',
      logged(-3_000, 'b', { operation: 'users_id_user_get', partner: '11111111', status: 404, outcome: 'refused' }),
    );
    write(
      'rotate_manage_token',
      logged(-2_000, 'c', { job: 'rotate_manage_token', step: 'createSecret', status: undefined }),
    );
    return write;
  };

  test('prints the calls of all functions and the runs of jobs in order', async () => {
    deploy();
    useLogs(account.url);
    const { next, interrupt } = tail('--env', 'dev', '--since', '5s');
    expect(await next()).toMatch(header);
    const lines = [await next(), await next(), await next(), await next()];
    expect(lines.map((line) => / (\w)$/.exec(line)?.[1])).toEqual(['a', 'b', 'c', 'd']);
    expect(lines[0]).toMatch(/ 11111111 {2}auth_init_post +- +200 +1 ms +2 × 20 ms {2}a$/);
    expect(lines[2]).toMatch(/ - {9}rotate_manage_token +createSecret +success /);
    expect(await interrupt()).toBe(0);
  });

  test.for([
    ['--partner 11111111', 'a b'],
    ['--failed', 'b d'],
    ['--status 5xx --operation auth_init_post', 'd'],
    ['--operation users_id_user_get auth_init_post', 'a b d'],
  ] as const)('filters by %s, here and in the service', async ([options, ids]) => {
    deploy();
    useLogs(account.url);
    const { next, interrupt } = tail('--env', 'dev', '--since', '5s', '--json', ...options.split(' '));
    for (const id of ids.split(' ')) expect(JSON.parse(await next())).toMatchObject({ request_id: id });
    expect(await interrupt()).toBe(0);
    expect(await next()).toBe('undefined');
  });

  /** Follows the lines without a pause between two rounds. */
  function follow(filter: Filter = {}, since = 5_000) {
    const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const program = createProgram(terminal);
    program.parseOptions(['--env', 'dev']);
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const options = { since: startedAt - since, onStart: vi.fn<() => void>(), signal: end.signal };
    const lines = deployedLines(createSession(program, terminal), filter, options, { round: 0, request: 0 });
    const next = async () => (await lines.next()).value?.request_id;
    return { next, terminal, end };
  }

  test('prints late lines once, and continues after throttling', async () => {
    const write = deploy();
    useLogs(account.url);
    const { next, terminal, end } = follow();
    for (const id of ['a', 'b', 'c', 'd']) expect(await next()).toBe(id);
    const late = next();
    // As many as the SDK's attempts of one request.
    account.throttles = 3;
    await once(terminal.stderr, 'readable');
    expect(String(terminal.stderr.read())).toBe(
      'CloudWatch Logs does not answer or throttles requests. Trying again; press Ctrl-C to quit.\n',
    );
    write(
      'hash_delete',
      logged(-20_000, 'too old', { operation: 'hash_delete' }),
      logged(-2_500, 'late', { operation: 'hash_delete' }),
    );
    expect(await late).toBe('late');
    write('auth_init_post', logged(5, 'e', { operation: 'auth_init_post' }));
    expect(await next()).toBe('e');
    const none = next();
    end.abort();
    expect(await none).toBeUndefined();
  });

  test('needs only the rights of operators, and reports missing rights', async () => {
    const write = deploy();
    const secrets = Object.fromEntries(secretNames.map((name) => [name, arn(name)])) as Record<SecretName, string>; // Of every name.
    const deployment = { rotationFunctions: [], stacks: [], alarms: '', logGroups: Object.keys(account.logs).map(arn) };
    const role = operatorStatements({ region: 'eu-west-3', table: 'table', key: 'key', secrets }, deployment);
    const roles = new Map([['operator', role]]);
    const aws = await startAws({ secretsManager: '', dynamodb: '', account: account.url }, roles, arn);
    onTestFinished(() => aws.close());
    useLogs(aws.url);
    const { next } = follow();
    expect(await next()).toBe('a');
    expect(new Set(aws.calls('operator'))).toEqual(
      new Set(Object.keys(account.logs).map((name) => `logs:FilterLogEvents ${arn(name)}`)),
    );
    write('watch', logged(0, 'x', { job: 'watch' }));
    roles.set(
      'operator',
      role.filter(({ actions }) => !actions.includes('logs:FilterLogEvents')),
    );
    const denied = await runCommand(['tail', '--env', 'dev']);
    expect(denied).toMatchObject({ code: 1, stdout: '' });
    expect(denied.stderr).toMatch(/^error: These AWS credentials do not allow this/);
  });

  test('fails without any logs, and skips functions that are not deployed', async () => {
    startedAt = Date.now();
    account.logs = {};
    useLogs(account.url);
    const missing = await runCommand(['tail', '--env', 'dev']);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: There is no log of the environment dev .* Deploy/),
    ]);
    account.logs = { [group('hash_delete')]: [logged(0, 'only', { operation: 'hash_delete' })] };
    expect(await follow().next()).toBe('only');
  });
});
