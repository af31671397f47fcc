import { rm } from 'node:fs/promises';
import { CancelRotateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SealingKeys } from '#lib/webauth/state.ts';
import { startProxy, type Intercept } from '../proxy.ts';
import { runProcess, stackFolder, type Outcome } from './local-stack.ts';
import { eventually, startWholeStack, type WholeStack } from './whole-stack.ts';

interface Status {
  secret: string;
  versions: { version_id: string; stages: string[] }[];
  rotation?: boolean;
  life_s?: number;
  problems: { problem: string; text: string; commands: string[] }[];
}

let stack: WholeStack;
beforeAll(async () => {
  stack = await startWholeStack();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  stack.gateway.logs();
});
afterAll(() => stack.close());

/** Returns the output of `secrets status` for one secret. */
async function statusOf(name: string): Promise<Status | undefined> {
  const all = JSON.parse((await stack.secrets('status --json')).stdout) as Status[];
  return all.find(({ secret }) => secret.endsWith(`/${name}`));
}

const problems = async (name: string) => (await statusOf(name))?.problems.map(({ problem }) => problem);

/** Advances the time of the commands and the functions; the servers use the machine's time. */
function advance(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

/** From now on, each read of the clock is more than a minute after the last one. */
function skipMinutes(): void {
  let time = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => (time += 61_000));
}

/** Waits until a job has failed once. */
const hasFailed = () =>
  eventually(() => stack.gateway.logs().some(({ job, outcome }) => job !== undefined && outcome === 'failed'));

/** Returns all confidential texts in the secrets' values. */
async function confidential(): Promise<string[]> {
  const names = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'] as const;
  const values = (await Promise.all(names.map((name) => stack.textOf(name)))).join('\n');
  return values.match(/"[^"]{20,}"/g)?.map((text) => text.slice(1, -1)) ?? [];
}

/** Mints an invalid JWT. */
const mintInvalid: Intercept = async ({ path }, forward) =>
  path.endsWith('/admin/jwt')
    ? { status: 200, headers: { 'content-type': 'application/json' }, body: '{"jwt_token":"no.jwt","payload":{}}' }
    : forward();

async function keys(): Promise<SealingKeys> {
  return JSON.parse(await stack.textOf('sealing-keys')) as SealingKeys;
}

describe('status', () => {
  test('prints versions, stages, ages and rotations, but no value', async () => {
    const { code, stdout, stderr } = await stack.secrets('status');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^SECRET +VERSION +STAGES +AGE +ROTATION +LAST +NEXT$/m);
    expect(stdout).toMatch(/^local\/budgea\/client-credentials +[0-9a-f]{8} +AWSCURRENT +\d+ s +manual$/m);
    expect(stdout).toMatch(/^local\/budgea\/manage-token +[0-9a-f]{8} +AWSCURRENT +\d+ s +on +never +in 3 h 59 min$/m);
    expect(stdout).toMatch(/^The manage JWT expires in 11 h 59 min, at [0-9: -]+ UTC\.$/m);
    expect(stdout).toContain('Nothing is wrong.');
    const { stdout: json } = await stack.secrets('status --json');
    for (const secret of await confidential()) expect(stdout + json).not.toContain(secret);
  });

  test('prints times and durations in seconds as JSON', async () => {
    expect(await statusOf('manage-token')).toMatchObject({
      secret: 'local/budgea/manage-token',
      versions: [{ version_id: expect.any(String), stages: ['AWSCURRENT'], age_s: expect.any(Number) }],
      rotation: true,
      next_rotation: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      expires: expect.stringMatching(/Z$/),
      life_s: expect.any(Number),
      problems: [],
    });
  });

  test.for([
    ['expired', -60],
    ['short_lived', 3600],
    ['malformed', undefined],
  ] as const)('prints the commands for a manage JWT that is %s', async ([problem, life]) => {
    const expires_at = life === undefined ? undefined : Math.floor(Date.now() / 1000) + life;
    await stack.put('manage-token', { jwt_token: 'old-s3cret', expires_at });
    const { code, stdout, stderr } = await stack.secrets('status');
    expect([code, stderr]).toEqual([1, 'error: 1 of 4 secrets need attention.\n']);
    expect(stdout).toContain(`\n  npm run gateway -- secrets rotate manage-token --data ${stack.data}`);
    expect(stdout).not.toContain('s3cret');
    expect(await problems('manage-token')).toContain(problem);
    expect(await stack.secrets('rotate manage-token')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/in use\.\n$/),
    });
    expect(await problems('manage-token')).toEqual([]);
  });

  test('reports that automatic rotation is off, until the secret is rotated', async () => {
    await stack.client.send(new CancelRotateSecretCommand({ SecretId: 'local/budgea/manage-token' }));
    expect(await problems('manage-token')).toEqual(['rotation_off']);
    const { code, stderr } = await stack.secrets('rotate manage-token');
    expect([code, stderr]).toEqual([0, expect.stringContaining('was off and is now on again')]);
    expect(await problems('manage-token')).toEqual([]);
  });
});

test('status works without the right to read values', async () => {
  const denied = JSON.stringify({ __type: 'AccessDeniedException', Message: 'not authorized' });
  const proxy = await startProxy(
    () => stack.gateway.file.secretsManager,
    async ({ headers }, forward) =>
      headers['x-amz-target'] === 'secretsmanager.GetSecretValue'
        ? { status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: denied }
        : forward(),
  );
  const data = await stackFolder({ ...stack.gateway.file, secretsManager: proxy.url });
  onTestFinished(async () => {
    await proxy.close();
    await rm(data, { recursive: true });
  });
  const commands = [['status'], ['rotate', 'manage-token', '--rehearse']] as const;
  const outcomes = commands.map((command) => runProcess(['secrets', ...command, '--data', data]));
  const [status, rehearsal] = await Promise.all(outcomes);
  expect(status).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('these AWS credentials may not read its value'),
  });
  expect(rehearsal).toMatchObject({ code: 1, stderr: expect.stringContaining('may not read the secrets for it') });
});

describe('rotate', () => {
  test.for(['manage-token', 'sealing-keys'] as const)('puts a new value in use: %s', async (name) => {
    advance(3_600_000);
    const before = await stack.textOf(name);
    const { code, stdout, stderr } = await stack.secrets(`rotate ${name} --json`);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^Started the rotation of .*: version [0-9a-f]{8}\.\n[^]*tested and in use\.$/m),
    ]);
    const { secret, version_id } = JSON.parse(stdout);
    expect(secret).toMatch(new RegExp(`^local/\\w+/${name}$`));
    expect((await stack.stages(name))[version_id]).toContain('AWSCURRENT');
    expect(await stack.textOf(name)).not.toBe(before);
  });

  test('keeps the sealing keys that round trips in progress need, and prints until when', async () => {
    const before = await stack.stages('sealing-keys');
    const { code, stdout, stderr } = await stack.secrets('rotate sealing-keys');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: The keys were replaced .* ago.* from \d{4}-\d\d-\d\d \d\d:\d\d UTC on\..*--compromised/,
    );
    expect(await stack.stages('sealing-keys')).toEqual(before);
    advance(16 * 60_000 + 1_000);
    expect(await stack.secrets('rotate sealing-keys')).toMatchObject({ code: 0 });
  });

  test('reports that the rotation dropped its value', async () => {
    const proxy = await startProxy(() => new URL(stack.gateway.file.sandbox ?? '').origin, mintInvalid);
    const { code, stderr } = await stack.gateway.withUpstream(`${proxy.url}/2.0`, async () => {
      const rotating = stack.secrets('rotate manage-token');
      await hasFailed();
      skipMinutes();
      return rotating;
    });
    await proxy.close();
    expect([code, stderr]).toEqual([1, expect.stringContaining('dropped its new value')]);
    expect(stderr).toContain('The log of rotate-manage-token contains the reason');
    vi.restoreAllMocks();
    expect(await stack.secrets('rotate manage-token')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/in use\.\n$/),
    });
  });

  test('continues after the command is interrupted', async () => {
    await stack.gateway.control('failures', { answer: 'maintenance', path: '/admin/jwt', times: 1 });
    const rotating = stack.secrets('rotate manage-token');
    await hasFailed();
    process.emit('SIGINT');
    const { code, stdout, stderr } = await rotating;
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('Interrupted. The rotation continues');
    expect((await stack.secrets('status')).stdout).toContain('A rotation of local/budgea/manage-token is in progress.');
    const { versions, problems: none } = (await statusOf('manage-token')) ?? {};
    expect(versions?.map(({ stages }) => stages)).toContainEqual(['AWSPENDING']);
    expect(none).toEqual([]);
    const again = await stack.secrets('rotate manage-token');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('is already in progress')]);
  });

  test.for([
    ['rotate admin-token', 'set manually'],
    ['rotate manage-token --compromised', 'before it expires'],
    ['rotate sealing-keys --compromised --rehearse', 'cannot be used with'],
    ['rotate manage-token --rehearse --budgea-url http://budgea.example/2.0', 'Expected an https URL'],
  ])('%s is wrong usage', async ([command = '', message]) => {
    expect(await stack.secrets(command)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message ?? ''),
    });
  });
});

describe('--compromised', () => {
  test('replaces all keys, also those of a pending version', async () => {
    const before = await keys();
    const old = [before.next.kid, before.current.kid, before.previous?.kid];
    const command = { SecretId: 'local/gateway/sealing-keys', VersionStages: ['AWSPENDING'] };
    await stack.client.send(new PutSecretValueCommand({ ...command, SecretString: JSON.stringify(before) }));
    const { code, stdout, stderr } = await stack.secrets('rotate sealing-keys --compromised');
    expect([code, stderr]).toEqual([0, expect.stringContaining('Dropped the pending version')]);
    expect(stdout).toMatch(/All sealing keys are new.* for 6 min at most\./s);
    const { next, current, previous } = await keys();
    expect(previous).toBeUndefined();
    expect(old).not.toContain(next.kid);
    expect(old).not.toContain(current.kid);
    expect(stdout + stderr).not.toContain(current.key);
    expect(JSON.stringify(await stack.stages('sealing-keys'))).not.toContain('AWSPENDING');
  });

  test('does not block the next rotation', async () => {
    const before = await keys();
    expect(await stack.secrets('rotate sealing-keys')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Rotate again from'),
    });
    advance(16 * 60_000 + 1_000);
    expect(await stack.secrets('rotate sealing-keys')).toMatchObject({ code: 0 });
    expect(await keys()).toMatchObject({ current: before.next, previous: before.current });
  });
});

describe('--rehearse', () => {
  test.for(['manage-token', 'sealing-keys'] as const)(
    'creates and tests a value without storing it: %s',
    async (name) => {
      const before = [await stack.stages(name), await stack.textOf(name)];
      const { code, stdout, stderr } = await stack.secrets(`rotate ${name} --rehearse --json`);
      expect(code).toBe(0);
      expect(stderr).toMatch(/^createSecret: .*\.\ntestSecret: .*\.\n$/);
      expect(JSON.parse(stdout)).toMatchObject({
        rehearsed: true,
        steps: [{ step: 'createSecret' }, { step: 'testSecret' }],
      });
      for (const secret of await confidential()) expect(stdout + stderr).not.toContain(secret);
      expect([await stack.stages(name), await stack.textOf(name)]).toEqual(before);
    },
  );

  test.for([
    ['/admin/jwt', 1, 'createSecret fails: admin_jwt_post answered 503 maintenance'],
    ['/users/999999999999999999', 2, 'testSecret fails: users_id_user_get answered 500 bug'],
  ] as const)('reports the step that fails with %s', async ([path, times, message]) => {
    await stack.gateway.control('failures', { answer: times === 1 ? 'maintenance' : 'bug', path, times });
    const { code, stdout, stderr } = await stack.secrets('rotate manage-token --rehearse');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: ${message}. Nothing was stored.`);
  });
});

test('a token that the stack mints at startup does not block the next rotation', async () => {
  const { prepareManageToken } = await import('#local/secrets.ts');
  const { token } = JSON.parse(await stack.textOf('admin-token')) as { token: string };
  expect(await stack.secrets('rotate manage-token')).toMatchObject({ code: 0 });
  await stack.put('manage-token', { jwt_token: 'old', expires_at: 0 });
  expect(await problems('manage-token')).toEqual(['left_pending', 'expired']);
  await prepareManageToken(stack.gateway.file.sandbox ?? '', token);
  expect(await problems('manage-token')).toEqual([]);
});

test('a stuck rotation is solved by setting the admin token that Budgea replaced', async () => {
  await stack.gateway.control('admin-token', { token: 'new-s3cret' });
  const rotating = stack.secrets('rotate manage-token');
  await hasFailed();
  skipMinutes();
  const { code, stderr } = await rotating;
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /most likely createSecret, does not succeed.*"npm run gateway -- secrets rotate manage-token --rehearse/,
    ),
  ]);

  vi.restoreAllMocks();
  const rehearsed: Outcome = await stack.secrets('rotate manage-token --rehearse');
  expect(rehearsed.stderr).toMatch(
    /upstream rejects the credential of the secret admin-token.*secrets set admin-token/,
  );

  advance(121_000);
  const { stdout } = await stack.secrets('status');
  expect(stdout).toContain('local/budgea/manage-token: A version has been pending for 2 min');
  expect(stdout).toContain('without a value');
  expect((await statusOf('manage-token'))?.problems).toMatchObject([
    { problem: 'stuck_pending', commands: [expect.stringContaining('--rehearse'), expect.stringContaining('rotate')] },
  ]);

  const set = await stack.secrets('set admin-token', { stdin: 'new-s3cret' });
  expect([set.code, set.stderr]).toEqual([0, expect.stringContaining('Dropped the pending version')]);
  expect(await problems('manage-token')).toEqual([]);
});
