import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jobs } from '#lib/operations/jobs.ts';
import { table } from '#lib/aws/table.ts';
import { makeSealingKey } from '#lib/webauth/state.ts';
import { certificateTypes } from '../rotation/budgea.ts';
import { interval, startWorld, type World } from '../rotation/world.ts';

const start = Date.UTC(2030, 0, 15, 12);
const hour = 3600;

let world: World;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  // The SDK waits before it repeats a call, for a random part of its longest pause.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  world = await startWorld({ table: true });
});
beforeEach(async () => {
  vi.setSystemTime(start);
  await world.reset();
  await world.create('client-credentials', { client_id: 1, client_secret: 'the secret of the contract, long enough' });
  await world.create('admin-token', { token: world.adminToken });
  await world.create('manage-token', await world.mint());
  await world.create('sealing-keys', { next: makeSealingKey(), current: makeSealingKey() });
  for (const type of certificateTypes) await table.delete(`CERTIFICATE#${type}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  world.expectNoLeak();
});
afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await world.close();
});

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

interface Line {
  gauge?: string;
  secret?: string;
  certificate_type?: string;
  _aws?: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[] };
  [field: string]: unknown;
}

/** Runs the job once and gives its gauges, by what they are about, with the numbers that CloudWatch takes; and its own line. */
async function watch() {
  world.logs();
  const succeeded = await world.invoke('watch', {}).then(
    () => true,
    () => false,
  );
  const lines = world.logs() as Line[];
  const gauges = lines.filter(({ gauge }) => gauge !== undefined);
  return {
    succeeded,
    run: lines.at(-1),
    metrics: Object.fromEntries(gauges.map((line) => [aboutOf(line), metricsOf(line)])),
    unread: gauges.filter(({ level }) => level === 'ERROR'),
  };
}

const aboutOf = ({ gauge = '', secret = '', certificate_type = '' }: Line) => secret || certificate_type || gauge;

/** As CloudWatch reads a line. */
function metricsOf(line: Line): Record<string, unknown> {
  const metrics = (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics }) => Metrics);
  return Object.fromEntries(metrics.map(({ Name }) => [Name, line[Name]]));
}

test('reports the manage JWT’s life, each secret’s age and pending versions, and each certificate’s age', async () => {
  await world.rotate('manage-token');
  await world.invoke('fetch-certificates', {});
  pass(hour);
  await world.rotate('sealing-keys');
  pass(hour);
  const { succeeded, run, metrics } = await watch();
  expect(succeeded).toBe(true);
  expect(metrics).toEqual({
    manage_token: { manage_token_life_s: 3 * interval * 60 - 2 * hour },
    'client-credentials': { secret_age_s: 2 * hour, secret_pending: 0 },
    'admin-token': { secret_age_s: 2 * hour, secret_pending: 0 },
    'manage-token': { secret_age_s: 2 * hour, secret_pending: 0 },
    'sealing-keys': { secret_age_s: hour, secret_pending: 0 },
    qwac: { certificate_age_s: 2 * hour },
    qseal: { certificate_age_s: 2 * hour },
  });
  expect(run).toMatchObject({ level: 'INFO', job: 'watch', outcome: 'success', gauges: 7 });
});

test('names dimensions and units as the alarms expect them', async () => {
  await world.invoke('fetch-certificates', {});
  world.logs();
  await world.invoke('watch', {});
  const lines = world.logs() as Line[];
  const of = (about: string) => lines.find((line) => aboutOf(line) === about)?._aws?.CloudWatchMetrics;
  expect(of('manage_token')).toMatchObject([
    { Dimensions: [['environment']], Metrics: [{ Name: 'manage_token_life_s', Unit: 'Seconds' }] },
  ]);
  expect(of('sealing-keys')).toMatchObject([
    {
      Dimensions: [['environment', 'secret']],
      Metrics: [
        { Name: 'secret_age_s', Unit: 'Seconds' },
        { Name: 'secret_pending', Unit: 'Count' },
      ],
    },
  ]);
  expect(of('qwac')).toMatchObject([
    { Dimensions: [['environment', 'certificate_type']], Metrics: [{ Name: 'certificate_age_s', Unit: 'Seconds' }] },
  ]);
});

test('counts a version that a rotation could not finish, and not the one that it put in use', async () => {
  await world.rotate('manage-token');
  await world.begin('sealing-keys');
  const { metrics } = await watch();
  expect(metrics).toMatchObject({ 'manage-token': { secret_pending: 0 }, 'sealing-keys': { secret_pending: 1 } });
});

describe('what is missing alarms', () => {
  test('before anything was set or fetched: no life, and no ages', async () => {
    await world.reset();
    for (const secret of jobs.watch.describes) await world.create(secret);
    const { succeeded, metrics } = await watch();
    expect(succeeded).toBe(true);
    expect(metrics).toEqual({
      manage_token: { manage_token_life_s: 0 },
      'client-credentials': { secret_pending: 0 },
      'admin-token': { secret_pending: 0 },
      'manage-token': { secret_pending: 0 },
      'sealing-keys': { secret_pending: 0 },
      qwac: {},
      qseal: {},
    });
  });

  test.each([
    ['expired', { jwt_token: 'an old one', expires_at: start / 1000 - 1 }],
    ['of another shape', { token: 'x' }],
    ['a placeholder', 'kX7!placeholder'],
  ])('a manage JWT that is %s has no life left', async (_case, value) => {
    await world.set('manage-token', value);
    const { metrics } = await watch();
    expect(metrics).toMatchObject({ manage_token: { manage_token_life_s: 0 } });
  });

  test('a certificate that is asked for in vain ages', async () => {
    await world.invoke('fetch-certificates', {});
    pass(hour);
    world.gate.meddle((name) => (name === 'GET /certificate/qwac' ? Promise.resolve('broken') : undefined));
    await world.invoke('fetch-certificates', {}).catch(() => undefined);
    const { metrics } = await watch();
    expect(metrics).toMatchObject({ qwac: { certificate_age_s: hour }, qseal: { certificate_age_s: 0 } });
  });
});

describe('a gauge that cannot be read hides no other', () => {
  test.each(jobs.watch.describes.filter((secret) => secret !== 'manage-token'))('%s', async (secret) => {
    vi.stubEnv(`SECRET_${secret.toUpperCase().replace('-', '_')}`, 'local/nowhere');
    const { succeeded, run, metrics, unread } = await watch();
    expect(succeeded).toBe(false);
    expect(unread).toMatchObject([
      { gauge: 'secret', secret, cause: expect.stringMatching(/^ResourceNotFound/) as string },
    ]);
    expect(Object.entries(metrics).filter(([, values]) => 'secret_age_s' in values)).toHaveLength(3);
    expect(metrics[secret]).toEqual({});
    expect(run).toMatchObject({ level: 'ERROR', outcome: 'failed', detail: '1 of 7 gauges cannot be read' });
  });

  test('the manage token, without which there is neither its life nor its age', async () => {
    vi.stubEnv('SECRET_MANAGE_TOKEN', 'local/nowhere');
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({ manage_token: {}, 'manage-token': {}, 'admin-token': { secret_age_s: 0 } });
    expect(metrics['manage_token']).toEqual({});
    expect(run).toMatchObject({ detail: '2 of 7 gauges cannot be read' });
  });

  test('Secrets Manager as a whole', async () => {
    await world.invoke('fetch-certificates', {});
    pass(hour);
    world.gate.meddle(() => Promise.resolve('broken'));
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({
      manage_token: {},
      qwac: { certificate_age_s: hour },
      qseal: { certificate_age_s: hour },
    });
    expect(run).toMatchObject({ detail: '5 of 7 gauges cannot be read' });
  });

  test('the table as a whole', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:1');
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({ 'admin-token': { secret_age_s: 0 }, qwac: {}, qseal: {} });
    expect(run).toMatchObject({ detail: '2 of 7 gauges cannot be read' });
  });
});
