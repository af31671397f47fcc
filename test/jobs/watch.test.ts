import { describe, expect, test, vi } from 'vitest';
import { jobs } from '#lib/operations/jobs.ts';
import { table } from '#lib/aws/table.ts';
import { certificateTypes, interval, useFixture } from '../rotation/fixture.ts';

const start = Date.UTC(2030, 0, 15, 12);
const hour = 3600;

const fixture = await useFixture({ table: true, now: start }, async ({ createAll }) => {
  await createAll();
  for (const type of certificateTypes) await table.delete(`CERTIFICATE#${type}`);
});

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

interface Line {
  gauge?: string;
  secret?: string;
  certificate_type?: string;
  _aws?: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[] };
  [field: string]: unknown;
}

/** Runs the job. Returns its last log line, and each gauge's metrics as CloudWatch extracts them. */
async function watch() {
  fixture.logs();
  const succeeded = await fixture.invoke('watch', {}).then(
    () => true,
    () => false,
  );
  const lines = fixture.logs() as Line[];
  const gauges = lines.filter(({ gauge }) => gauge !== undefined);
  return {
    succeeded,
    run: lines.at(-1),
    metrics: Object.fromEntries(gauges.map((line) => [subjectOf(line), metricsOf(line)])),
    unread: gauges.filter(({ level }) => level === 'ERROR'),
  };
}

const subjectOf = ({ gauge = '', secret = '', certificate_type = '' }: Line) => secret || certificate_type || gauge;

/** Returns a line's metrics as CloudWatch extracts them. */
function metricsOf(line: Line): Record<string, unknown> {
  const metrics = (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics }) => Metrics);
  return Object.fromEntries(metrics.map(({ Name }) => [Name, line[Name]]));
}

test('reports the manage JWT’s remaining lifetime, each secret’s age and pending versions, and each certificate’s age', async () => {
  await fixture.rotate('manage-token');
  await fixture.invoke('fetch-certificates', {});
  advance(hour);
  await fixture.rotate('sealing-keys');
  advance(hour);
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

test('reports the dimensions and units of the alarms', async () => {
  await fixture.invoke('fetch-certificates', {});
  fixture.logs();
  await fixture.invoke('watch', {});
  const lines = fixture.logs() as Line[];
  const descriptionOf = (subject: string) => lines.find((line) => subjectOf(line) === subject)?._aws?.CloudWatchMetrics;
  expect(descriptionOf('manage_token')).toMatchObject([
    { Dimensions: [['environment']], Metrics: [{ Name: 'manage_token_life_s', Unit: 'Seconds' }] },
  ]);
  expect(descriptionOf('sealing-keys')).toMatchObject([
    {
      Dimensions: [['environment', 'secret']],
      Metrics: [
        { Name: 'secret_age_s', Unit: 'Seconds' },
        { Name: 'secret_pending', Unit: 'Count' },
      ],
    },
  ]);
  expect(descriptionOf('qwac')).toMatchObject([
    { Dimensions: [['environment', 'certificate_type']], Metrics: [{ Name: 'certificate_age_s', Unit: 'Seconds' }] },
  ]);
});

test('counts a pending version, but not a current one', async () => {
  await fixture.rotate('manage-token');
  await fixture.begin('sealing-keys');
  const { metrics } = await watch();
  expect(metrics).toMatchObject({ 'manage-token': { secret_pending: 0 }, 'sealing-keys': { secret_pending: 1 } });
});

describe('missing values breach the alarms', () => {
  test('before any secret was set or certificate fetched', async () => {
    await fixture.reset();
    for (const secret of jobs.watch.describes) await fixture.create(secret);
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
    ['expired', { jwt_token: 'an expired one', expires_at: start / 1000 - 1 }],
    ['of another shape', { token: 'x' }],
    ['a placeholder', 'kX7!placeholder'],
  ])('a manage JWT that is %s has no remaining lifetime', async (_case, value) => {
    await fixture.set('manage-token', value);
    const { metrics } = await watch();
    expect(metrics).toMatchObject({ manage_token: { manage_token_life_s: 0 } });
  });

  test('the age of a certificate that cannot be fetched increases', async () => {
    await fixture.invoke('fetch-certificates', {});
    advance(hour);
    fixture.gate.intercept((name) => (name === 'GET /certificate/qwac' ? Promise.resolve('broken') : undefined));
    await fixture.invoke('fetch-certificates', {}).catch(() => undefined);
    const { metrics } = await watch();
    expect(metrics).toMatchObject({ qwac: { certificate_age_s: hour }, qseal: { certificate_age_s: 0 } });
  });
});

describe('a gauge that cannot be read does not affect the others', () => {
  test.each(jobs.watch.describes.filter((secret) => secret !== 'manage-token'))('%s', async (secret) => {
    vi.stubEnv(`SECRET_${secret.toUpperCase().replace('-', '_')}`, 'local/unknown');
    const { succeeded, run, metrics, unread } = await watch();
    expect(succeeded).toBe(false);
    expect(unread).toMatchObject([
      { gauge: 'secret', secret, cause: expect.stringMatching(/^ResourceNotFound/) as string },
    ]);
    expect(Object.entries(metrics).filter(([, values]) => 'secret_age_s' in values)).toHaveLength(3);
    expect(metrics[secret]).toEqual({});
    expect(run).toMatchObject({ level: 'ERROR', outcome: 'failed', detail: '1 of 7 gauges cannot be read' });
  });

  test('the manage token, with its lifetime and its age', async () => {
    vi.stubEnv('SECRET_MANAGE_TOKEN', 'local/unknown');
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({ manage_token: {}, 'manage-token': {}, 'admin-token': { secret_age_s: 0 } });
    expect(metrics['manage_token']).toEqual({});
    expect(run).toMatchObject({ detail: '2 of 7 gauges cannot be read' });
  });

  test('an outage of Secrets Manager', async () => {
    await fixture.invoke('fetch-certificates', {});
    advance(hour);
    fixture.gate.intercept(() => Promise.resolve('broken'));
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({
      manage_token: {},
      qwac: { certificate_age_s: hour },
      qseal: { certificate_age_s: hour },
    });
    expect(run).toMatchObject({ detail: '5 of 7 gauges cannot be read' });
  });

  test('an outage of the table', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:1');
    const { metrics, run } = await watch();
    expect(metrics).toMatchObject({ 'admin-token': { secret_age_s: 0 }, qwac: {}, qseal: {} });
    expect(run).toMatchObject({ detail: '2 of 7 gauges cannot be read' });
  });
});
