import { rm } from 'node:fs/promises';
import { CancelRotateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SealingKeys } from '#lib/webauth/state.ts';
import { startProxy, type Meddle } from '../proxy.ts';
import { runReal, stackFolder, type Outcome } from './local-stack.ts';
import { eventually, startWholeStack, type WholeStack } from './whole-stack.ts';

interface Shown {
  secret: string;
  versions: { version_id: string; stages: string[] }[];
  rotation?: boolean;
  life_s?: number;
  problems: { problem: string; text: string; commands: string[] }[];
}

// Some runs of the real command are new processes.
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

/** What `secrets status` says of one secret. */
async function statusOf(name: string): Promise<Shown | undefined> {
  const all = JSON.parse((await stack.secrets('status --json')).stdout) as Shown[];
  return all.find(({ secret }) => secret.endsWith(`/${name}`));
}

const problems = async (name: string) => (await statusOf(name))?.problems.map(({ problem }) => problem);

/** Lets time pass for the commands and the functions; the servers keep to the machine's. */
function pass(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

/** From now on, whoever looks at the clock finds that more than a minute has passed since the last look. */
function hurry(): void {
  let time = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => (time += 61_000));
}

/** Waits until a rotation has failed once. */
const hasFailed = () =>
  eventually(() => stack.gateway.logs().some(({ job, outcome }) => job !== undefined && outcome === 'failed'));

/** Every text of the secrets' values that nobody may see. */
async function confidential(): Promise<string[]> {
  const names = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'] as const;
  const values = (await Promise.all(names.map((name) => stack.textOf(name)))).join('\n');
  return values.match(/"[^"]{20,}"/g)?.map((text) => text.slice(1, -1)) ?? [];
}

/** Mints what is no JWT. */
const useless: Meddle = async ({ path }, forward) =>
  path.endsWith('/admin/jwt')
    ? { status: 200, headers: { 'content-type': 'application/json' }, body: '{"jwt_token":"no.jwt","payload":{}}' }
    : forward();

async function keys(): Promise<SealingKeys> {
  return JSON.parse(await stack.textOf('sealing-keys')) as SealingKeys;
}

describe('status', () => {
  test('shows versions, stages, ages and rotations, and no value', async () => {
    const { code, stdout, stderr } = await stack.secrets('status');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^SECRET +VERSION +STAGES +AGE +ROTATION +LAST +NEXT$/m);
    expect(stdout).toMatch(/^local\/budgea\/client-credentials +[0-9a-f]{8} +AWSCURRENT +\d+ s +by hand$/m);
    expect(stdout).toMatch(/^local\/budgea\/manage-token +[0-9a-f]{8} +AWSCURRENT +\d+ s +on +never +in 3 h 59 min$/m);
    expect(stdout).toMatch(/^The manage JWT lives 11 h 59 min, until [0-9: -]+ UTC\.$/m);
    expect(stdout).toContain('Nothing is wrong.');
    const { stdout: json } = await stack.secrets('status --json');
    for (const secret of await confidential()) expect(stdout + json).not.toContain(secret);
  });

  test('as JSON has times, and seconds of life', async () => {
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
  ] as const)('says what to do about a manage JWT that is %s', async ([problem, life]) => {
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

  test('says when a rotation is off, which the next one by hand puts right', async () => {
    await stack.client.send(new CancelRotateSecretCommand({ SecretId: 'local/budgea/manage-token' }));
    expect(await problems('manage-token')).toEqual(['rotation_off']);
    const { code, stderr } = await stack.secrets('rotate manage-token');
    expect([code, stderr]).toEqual([0, expect.stringContaining('was off, and is on again')]);
    expect(await problems('manage-token')).toEqual([]);
  });
});

test('whoever may not read values learns what can be known without', async () => {
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
  const outcomes = commands.map((command) => runReal(['secrets', ...command, '--data', data]));
  const [status, rehearsal] = await Promise.all(outcomes);
  expect(status).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('which these AWS credentials may not read'),
  });
  expect(rehearsal).toMatchObject({ code: 1, stderr: expect.stringContaining('may not read the secrets for it') });
});

describe('rotate', () => {
  test.for(['manage-token', 'sealing-keys'] as const)('puts a new value in use, %s', async (name) => {
    pass(3_600_000);
    const before = await stack.textOf(name);
    const { code, stdout, stderr } = await stack.secrets(`rotate ${name} --json`);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/has begun: version [0-9a-f]{8}\.\n[^]*tested and in use\.$/m),
    ]);
    const { secret, version_id } = JSON.parse(stdout);
    expect(secret).toMatch(new RegExp(`^local/\\w+/${name}$`));
    expect((await stack.stages(name))[version_id]).toContain('AWSCURRENT');
    expect(await stack.textOf(name)).not.toBe(before);
  });

  test('leaves the sealing keys that round trips under way still need, and says until when', async () => {
    const before = await stack.stages('sealing-keys');
    const { code, stdout, stderr } = await stack.secrets('rotate sealing-keys');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: The keys were replaced .* ago.* from \d{4}-\d\d-\d\d \d\d:\d\d UTC on\..*--compromised/,
    );
    expect(await stack.stages('sealing-keys')).toEqual(before);
    pass(16 * 60_000 + 1_000);
    expect(await stack.secrets('rotate sealing-keys')).toMatchObject({ code: 0 });
  });

  test('says when the rotation gives its value up', async () => {
    const proxy = await startProxy(() => new URL(stack.gateway.file.sandbox ?? '').origin, useless);
    const { code, stderr } = await stack.gateway.withUpstream(`${proxy.url}/2.0`, async () => {
      const rotating = stack.secrets('rotate manage-token');
      await hasFailed();
      hurry();
      return rotating;
    });
    await proxy.close();
    expect([code, stderr]).toEqual([1, expect.stringContaining('gave it up')]);
    expect(stderr).toContain('The log of rotate-manage-token has the reason');
    vi.restoreAllMocks();
    expect(await stack.secrets('rotate manage-token')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/in use\.\n$/),
    });
  });

  test('goes on without a command that is interrupted', async () => {
    await stack.gateway.control('failures', { answer: 'maintenance', path: '/admin/jwt', times: 1 });
    const rotating = stack.secrets('rotate manage-token');
    await hasFailed();
    process.emit('SIGINT');
    const { code, stdout, stderr } = await rotating;
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('Interrupted. The rotation goes on');
    expect((await stack.secrets('status')).stdout).toContain('A rotation of local/budgea/manage-token is under way.');
    const { versions, problems: none } = (await statusOf('manage-token')) ?? {};
    expect(versions?.map(({ stages }) => stages)).toContainEqual(['AWSPENDING']);
    expect(none).toEqual([]);
    const again = await stack.secrets('rotate manage-token');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('is under way already')]);
  });

  test.for([
    ['rotate admin-token', 'set by hand'],
    ['rotate manage-token --compromised', 'before it expires'],
    ['rotate sealing-keys --compromised --rehearse', 'cannot be used with'],
    ['rotate manage-token --rehearse --budgea-url http://budgea.example/2.0', 'It takes an https URL'],
  ])('%s is wrong usage', async ([command = '', complaint]) => {
    expect(await stack.secrets(command)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(complaint ?? ''),
    });
  });
});

describe('--compromised', () => {
  test('leaves none of the keys that there were, nor what a rotation makes of them', async () => {
    const before = await keys();
    const old = [before.next.kid, before.current.kid, before.previous?.kid];
    const command = { SecretId: 'local/gateway/sealing-keys', VersionStages: ['AWSPENDING'] };
    await stack.client.send(new PutSecretValueCommand({ ...command, SecretString: JSON.stringify(before) }));
    const { code, stdout, stderr } = await stack.secrets('rotate sealing-keys --compromised');
    expect([code, stderr]).toEqual([0, expect.stringContaining('is dropped')]);
    expect(stdout).toMatch(/All sealing keys are new.* for 6 min at most\./s);
    const { next, current, previous } = await keys();
    expect(previous).toBeUndefined();
    expect(old).not.toContain(next.kid);
    expect(old).not.toContain(current.kid);
    expect(stdout + stderr).not.toContain(current.key);
    expect(JSON.stringify(await stack.stages('sealing-keys'))).not.toContain('AWSPENDING');
  });

  test('does not keep the next rotation from its work', async () => {
    const before = await keys();
    const early = await stack.secrets('rotate sealing-keys');
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('Rotate again from') });
    pass(16 * 60_000 + 1_000);
    expect(await stack.secrets('rotate sealing-keys')).toMatchObject({ code: 0 });
    expect(await keys()).toMatchObject({ current: before.next, previous: before.current });
  });
});

describe('--rehearse', () => {
  test.for(['manage-token', 'sealing-keys'] as const)(
    'makes and tests a value and stores nothing, %s',
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
  ] as const)('says which step would fail, when %s does', async ([path, times, complaint]) => {
    await stack.gateway.control('failures', { answer: times === 1 ? 'maintenance' : 'bug', path, times });
    const { code, stdout, stderr } = await stack.secrets('rotate manage-token --rehearse');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: ${complaint}. Nothing was stored.`);
  });
});

test('a stack that mints as it starts leaves nothing in the way of the next rotation', async () => {
  const { prepareManageToken } = await import('#local/contract.ts');
  const { token } = JSON.parse(await stack.textOf('admin-token')) as { token: string };
  expect(await stack.secrets('rotate manage-token')).toMatchObject({ code: 0 });
  await stack.put('manage-token', { jwt_token: 'old', expires_at: 0 });
  expect(await problems('manage-token')).toEqual(['left_pending', 'expired']);
  await prepareManageToken(stack.gateway.file.sandbox ?? '', token);
  expect(await problems('manage-token')).toEqual([]);
});

test('an admin token that ended at Budgea is found out, set anew, and the stuck rotation with it', async () => {
  await stack.gateway.control('admin-token', { token: 'new-s3cret' });
  const rotating = stack.secrets('rotate manage-token');
  await hasFailed();
  hurry();
  const { code, stderr } = await rotating;
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /createSecret most likely, does not succeed.*"npm run gateway -- secrets rotate manage-token --rehearse/,
    ),
  ]);

  vi.restoreAllMocks();
  const rehearsed: Outcome = await stack.secrets('rotate manage-token --rehearse');
  expect(rehearsed.stderr).toMatch(
    /upstream rejects the credential of the secret admin-token.*secrets set admin-token/,
  );

  pass(121_000);
  const { stdout } = await stack.secrets('status');
  expect(stdout).toContain('local/budgea/manage-token: A version has been pending for 2 min');
  expect(stdout).toContain('without a value');
  expect((await statusOf('manage-token'))?.problems).toMatchObject([
    { problem: 'stuck_pending', commands: [expect.stringContaining('--rehearse'), expect.stringContaining('rotate')] },
  ]);

  const set = await stack.secrets('set admin-token', { stdin: 'new-s3cret' });
  expect([set.code, set.stderr]).toEqual([0, expect.stringContaining('which was pending, is dropped')]);
  expect(await problems('manage-token')).toEqual([]);
});
