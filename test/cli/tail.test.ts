import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProgram } from '#cli/program.ts';
import { run } from '#cli/run.ts';
import { createSession } from '#cli/session.ts';
import { deployedLines } from '#cli/tail/deployed.ts';
import type { Filter } from '#cli/tail/filter.ts';
import { operatorStatements } from '#infra/operator.ts';
import { secretNames } from '#lib/config/names.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations, type SecretName } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { runJob } from '#local/jobs.ts';
import { createFeed } from '#local/console/feed.ts';
import { stream } from '#local/console/stream.ts';
import { form, startGateway, type Gateway } from '../gateway.ts';
import { startAws } from '../roles.ts';
import { startAwsAccount, type AwsAccount, type LogEvent } from './aws-account.ts';
import { runHere, stackFolder, start, outcomeOf } from './local-stack.ts';

/** A tail that runs in this process. */
interface Tail {
  /** The next line of its output. */
  next: () => Promise<string>;
  /** The next line of what it says beside. */
  said: () => Promise<string>;
  /** Ends it as Ctrl-C does; gives its exit code. */
  interrupt: () => Promise<number>;
}

function tail(...args: string[]): Tail {
  const terminal = { stdin: new PassThrough().end(), stdout: new PassThrough(), stderr: new PassThrough() };
  const code = run(['tail', ...args], terminal).finally(() => {
    terminal.stdout.end();
    terminal.stderr.end();
  });
  const [lines, notes] = [terminal.stdout, terminal.stderr].map((input) =>
    createInterface({ input })[Symbol.asyncIterator](),
  );
  const next = async (source = lines) => String((await source?.next())?.value);
  const tailing: Tail = {
    next,
    said: () => next(notes),
    interrupt() {
      process.emit('SIGINT');
      return code;
    },
  };
  onTestFinished(async () => void (await tailing.interrupt()));
  return tailing;
}

const titles = /^TIME, UTC +PARTNER +OPERATION +KIND +STATUS +GATEWAY +UPSTREAM +REQUEST$/;

describe('of a local stack', () => {
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

  const call = (credentials: Record<string, string> = {}) => gateway.ask.http('POST', '/auth/init', form(credentials));

  test('shows calls and runs of jobs from now on, each in a line', async () => {
    await call();
    const { next, interrupt } = tail('--data', data);
    expect(await next()).toMatch(titles);
    const { headers } = await call({ ...partner });
    const id = headers['x-request-id'];
    expect(await next()).toMatch(
      new RegExp(
        `^[\\d:.]{12} {2}${partner.client_id} {2}auth_init_post {12}client {8}200 +\\d+ ms +\\d+ ms {2}${id}$`,
      ),
    );
    await gateway.ask.http('GET', '/users/4242', { headers: { authorization: partner.client_secret } });
    expect(await next()).toMatch(/ users_id_user_get +bearer_key +404 .* - {2}[\w-]{36} {2}notFound: /);
    await runJob('fetch-certificates');
    expect(await next()).toMatch(/ - {9}fetch_certificates +- +success /);
    expect(await interrupt()).toBe(0);
  });

  test('begins earlier, and shows as JSON what the functions log', async () => {
    gateway.logs();
    await call();
    await call({ ...partner });
    const logged = gateway.logs().map(({ _aws, ...line }) => line);
    const { next, interrupt } = tail('--json', '--since', '1h', '--operation', 'auth_init_post', '--data', data);
    const shown: Record<string, unknown>[] = [];
    while (shown.at(-1)?.['request_id'] !== logged.at(-1)?.['request_id']) shown.push(JSON.parse(await next()));
    expect(shown.slice(-2)).toMatchObject(logged);
    expect(shown.map((line) => '_aws' in line)).not.toContain(true);
    expect(await interrupt()).toBe(0);
  });

  test.for([
    [['--partner', '%'], [200]],
    [['--failed'], [401, 404]],
    [['--status', '4xx', '--operation', 'users_id_user_get', 'auth_token_delete'], [404]],
    [['--status', '401'], [401]],
    [
      ['--status', '20x'],
      [200, 200],
    ],
  ] as const)('filters by %j', async ([args, statuses]) => {
    const own = await gateway.newPartner();
    const { next, interrupt } = tail(...args.map((arg) => arg.replace('%', own.client_id)), '--data', data);
    await next();
    await call();
    await gateway.ask.http('GET', '/users/4242', { headers: { authorization: partner.client_secret } });
    await call({ ...partner });
    await call({ ...own });
    for (const status of statuses)
      expect(await next()).toMatch(new RegExp(`(client|anonymous|bearer_key) +${status} `));
    expect(await interrupt()).toBe(0);
    expect(await next()).toBe('undefined');
  });

  test('fits into a narrow window: the request id, never cut, and the reason have a line of their own', async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 60, getColorDepth: () => 1 });
    const terminal = { stdin: new PassThrough().end(), stdout, stderr: new PassThrough() };
    const code = run(['tail', '--no-color', '--data', data], terminal);
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    await lines.next();
    const { headers } = await gateway.ask.http('GET', '/users/4242', {
      headers: { authorization: partner.client_secret },
    });
    const [first, second] = [(await lines.next()).value, (await lines.next()).value];
    expect(first).toMatch(/ users_i… +bea…/);
    expect(second).toMatch(new RegExp(`^ {2}${headers['x-request-id']} {2}notFound: not this …$`));
    process.emit('SIGINT');
    expect(await code).toBe(0);
  });

  test('ends without a word on Ctrl-C, and when nobody reads any more', async () => {
    const interrupted = start(['tail', '--data', data]);
    await once(interrupted.stdout, 'data');
    interrupted.kill('SIGINT');
    expect(await outcomeOf(interrupted)).toEqual({ code: 0, stdout: '', stderr: '' });

    const unread = start(['tail', '--data', data]);
    await once(unread.stdout, 'data');
    unread.stdout.destroy();
    const ended = Promise.all([text(unread.stderr), once(unread, 'exit')]);
    await call();
    expect(await ended).toEqual(['', [0, null]]);
  });
});

/** A run of a job. */
const watched = (request_id: string) => ({
  time: new Date().toISOString(),
  request_id,
  outcome: 'success' as const,
  duration_ms: 1,
  job: 'watch' as const,
});

/** A server of events. */
const open = async () => {
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

test('waits for a stack that stopped, and goes on where it was when it is back', async () => {
  const first = await open();
  const data = await stackFolder(first.file);
  onTestFinished(() => rm(data, { recursive: true }));
  const { next, said, interrupt } = tail('--data', data);
  await next();
  first.feed.add('job', watched('one'));
  expect(await next()).toContain('one');
  await first.close();
  expect(await said()).toMatch(/^The local stack has stopped\. Waiting .*Ctrl-C/);
  const second = await open();
  onTestFinished(() => second.close());
  second.feed.add('job', watched('two, before anybody listened'));
  await writeFile(join(data, 'stack.json'), JSON.stringify(second.file));
  expect(await said()).toBe('The local stack is back.');
  expect(await next()).toContain('two, before anybody listened');
  expect(await interrupt()).toBe(0);
});

test('a stack that is not there is no stack to wait for, nor is something else', async () => {
  expect(await runHere(['tail', '--data', '/nowhere'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: No local stack runs on \/nowhere/) as string,
  });
  const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const gateway = `http://127.0.0.1:${port}/2.0`;
  const data = await stackFolder({ gateway, secretsManager: gateway, dynamodb: gateway });
  onTestFinished(() => rm(data, { recursive: true }));
  expect((await runHere(['tail', '--data', data])).stderr).toMatch(/tells nobody of its calls \(404\)\. Start/);
  server.close();
  await once(server, 'close');
  const { code, stderr } = await runHere(['tail', '--data', data]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not answer any more. Start it again')]);
});

test.for(['--status 6xx', '--since 10', '--partner acme', '--operation auth_init'])(
  '%s is wrong usage',
  async (option) => {
    expect(await runHere(['tail', ...option.split(' '), '--data', '/nowhere'])).toMatchObject({ code: 2, stdout: '' });
  },
);

const group = (id: string) => `/aws/lambda/dev-gateway-${functionName(id)}`;
const arn = (name: string) => `arn of ${name}`;

/** Sends the command line's questions about logs there. */
const use = (endpoint: string) => {
  const env = {
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

describe('of a deployed environment', () => {
  let account: AwsAccount;
  let began: number;
  const logged = (at: number, request_id: string, fields: object): LogEvent => ({
    timestamp: began + at,
    message: JSON.stringify({
      time: new Date(began + at).toISOString(),
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
    began = Date.now();
    account.logs = Object.fromEntries(Object.keys({ ...operations, ...jobs }).map((id) => [group(id), []]));
    const write = (id: string, ...events: LogEvent[]) => account.logs[group(id)]?.push(...events);
    write(
      'auth_init_post',
      logged(-9_000, 'old', { operation: 'auth_init_post', partner: '11111111' }),
      { timestamp: began - 5_000, message: '{"type":"platform.report","record":{}}' },
      { timestamp: began - 5_000, message: 'Something that is no JSON' },
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

  test('shows the calls of all functions in their order, and the runs of jobs', async () => {
    deploy();
    use(account.url);
    const { next, interrupt } = tail('--env', 'dev', '--since', '5s');
    expect(await next()).toMatch(titles);
    const lines = [await next(), await next(), await next(), await next()];
    expect(lines.map((line) => / (\w)$/.exec(line)?.[1])).toEqual(['a', 'b', 'c', 'd']);
    expect(lines[0]).toMatch(/ 11111111 {2}auth_init_post +- +200 +1 ms +2 × 20 ms {2}a$/);
    expect(lines[2]).toMatch(/ - {9}rotate_manage_token +createSecret +success /);
    expect(await interrupt()).toBe(0);
  });

  test.for([
    [
      ['--partner', '11111111'],
      ['a', 'b'],
    ],
    [['--failed'], ['b', 'd']],
    [['--status', '5xx', '--operation', 'auth_init_post'], ['d']],
    [
      ['--operation', 'users_id_user_get', 'auth_init_post'],
      ['a', 'b', 'd'],
    ],
  ] as const)('filters by %j, and so does the service', async ([args, ids]) => {
    deploy();
    use(account.url);
    const { next, interrupt } = tail('--env', 'dev', '--since', '5s', '--json', ...args);
    for (const id of ids) expect(JSON.parse(await next())).toMatchObject({ request_id: id });
    expect(await interrupt()).toBe(0);
    expect(await next()).toBe('undefined');
  });

  /** The lines themselves, round after round without a pause. */
  function follow(filter: Filter = {}, since = 5_000) {
    const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const program = createProgram(terminal);
    program.parseOptions(['--env', 'dev']);
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const following = { since: began - since, begun: vi.fn<() => void>(), signal: end.signal };
    const lines = deployedLines(createSession(program, terminal), filter, following, { round: 0, request: 0 });
    const next = async () => (await lines.next()).value?.request_id;
    return { next, terminal, end };
  }

  test('shows what comes late once, and goes on after a refusal that passes', async () => {
    const write = deploy();
    use(account.url);
    const { next, terminal, end } = follow();
    for (const id of ['a', 'b', 'c', 'd']) expect(await next()).toBe(id);
    const late = next();
    // All tries of a request: more than the SDK's own patience.
    account.throttles = 3;
    await once(terminal.stderr, 'readable');
    expect(String(terminal.stderr.read())).toBe(
      'CloudWatch Logs does not answer, or not so often. Trying again; Ctrl-C ends this.\n',
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

  test('asks with the rights of operators, and says which are missing', async () => {
    const write = deploy();
    const secrets = Object.fromEntries(secretNames.map((name) => [name, arn(name)])) as Record<SecretName, string>; // Of every name there is.
    const deployment = { rotationFunctions: [], stacks: [], alarms: '', logGroups: Object.keys(account.logs).map(arn) };
    const role = operatorStatements({ region: 'eu-west-3', table: 'table', key: 'key', secrets }, deployment);
    const roles = new Map([['operator', role]]);
    const aws = await startAws({ secretsManager: '', dynamodb: '', account: account.url }, roles, arn);
    onTestFinished(() => aws.close());
    use(aws.url);
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
    const denied = await runHere(['tail', '--env', 'dev']);
    expect(denied).toMatchObject({ code: 1, stdout: '' });
    expect(denied.stderr).toMatch(/^error: These AWS credentials may not do this/);
  });

  test('says when there are no such logs, and leaves out functions that are not deployed', async () => {
    began = Date.now();
    account.logs = {};
    use(account.url);
    const missing = await runHere(['tail', '--env', 'dev']);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: There are no logs of dev .* Deploy/),
    ]);
    account.logs = { [group('hash_delete')]: [logged(0, 'only', { operation: 'hash_delete' })] };
    expect(await follow().next()).toBe('only');
  });
});
