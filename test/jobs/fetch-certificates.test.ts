import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readStoredCertificate } from '#lib/jobs/certificates.ts';
import { table } from '#lib/aws/table.ts';
import { startProxy, type Passed } from '../proxy.ts';
import { certificateTypes } from '../rotation/budgea.ts';
import { startWorld, type World } from '../rotation/world.ts';

const start = Date.UTC(2030, 0, 15, 12);
const hour = 3_600_000;
const at = (time: number) => new Date(time).toISOString();

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
  await world.create('manage-token', await world.mint());
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

/** Runs the job once; whether it succeeded. */
const fetchAll = () =>
  world.invoke('fetch-certificates', {}).then(
    () => true,
    () => false,
  );
/** Upstream answers for this type like that. */
const answerFor = (type: string, answer: Passed) =>
  world.gate.meddle((name) => (name === `GET /certificate/${type}` ? Promise.resolve(answer) : undefined));
const json = (body: unknown, status = 200): Passed => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
/** What the log and the metrics say of each type. */
const outcomes = () =>
  Object.fromEntries(
    world.logs().flatMap((line) => ('certificate_type' in line ? [[line['certificate_type'], line['outcome']]] : [])),
  );

test('fetches every type and keeps what it gets', async () => {
  expect(await fetchAll()).toBe(true);
  expect(world.gate.calls()).toEqual(['GetSecretValue', 'GET /certificate/qwac', 'GET /certificate/qseal']);
  for (const type of certificateTypes) {
    expect(await readStoredCertificate(type)).toEqual({
      certificate: world.budgea.certificates.latest(type),
      changed_at: at(start),
      checked_at: at(start),
      confirmed_at: at(start),
    });
  }
});

test('writes a metric for each type and outcome', async () => {
  answerFor('qseal', json({ code: 'bug' }, 500));
  await fetchAll();
  const Dimensions = [['environment', 'certificate_type', 'outcome']];
  const _aws = { CloudWatchMetrics: [{ Dimensions, Metrics: [{ Name: 'certificate_checks', Unit: 'Count' }] }] };
  const line = { environment: 'local', certificate_checks: 1, _aws };
  const lines = world.logs().filter((logged) => 'certificate_type' in logged);
  expect(
    lines.toSorted((one, other) => String(one['certificate_type']).localeCompare(String(other['certificate_type']))),
  ).toMatchObject([
    {
      ...line,
      level: 'ERROR',
      certificate_type: 'qseal',
      outcome: 'failed',
      detail: 'certificate_type_get answered 500 bug',
    },
    { ...line, level: 'INFO', certificate_type: 'qwac', outcome: 'changed' },
  ]);
});

test('notes that nothing changed without writing the certificate again', async () => {
  await fetchAll();
  vi.setSystemTime(start + hour);
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toEqual({ qwac: 'unchanged', qseal: 'unchanged' });
  const times = { changed_at: at(start), checked_at: at(start + hour), confirmed_at: at(start + hour) };
  for (const type of certificateTypes) expect(await readStoredCertificate(type)).toMatchObject(times);
});

test('keeps a new certificate in the place of the one before', async () => {
  await fetchAll();
  vi.setSystemTime(start + hour);
  const renewed = await world.budgea.certificates.renew('qwac');
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toEqual({ qwac: 'changed', qseal: 'unchanged' });
  expect(await readStoredCertificate('qwac')).toMatchObject({ certificate: renewed, changed_at: at(start + hour) });
  expect(await readStoredCertificate('qseal')).toMatchObject({ changed_at: at(start) });
});

describe('a failure keeps the last good certificate, and leaves the other types alone', () => {
  const other = { id: 9, type: 'qwac', created: '2030-01-15 12:00:01' };
  test.each<[string, string, Passed]>([
    ['no answer', 'failed', 'broken'],
    ['404', 'failed', json({ code: 'notFound' }, 404)],
    ['500', 'failed', json({ code: 'bug' }, 500)],
    ['503', 'failed', json({ code: 'maintenance' }, 503)],
    ['403', 'failed', json({ code: 'forbidden' }, 403)],
    ['a rejected JWT', 'failed', json({ code: 'invalidToken' }, 403)],
    ['a page', 'failed', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['nothing', 'failed', { status: 200, headers: {}, body: '' }],
    ['JSON of another shape', 'failed', json({ certificates: [other] })],
    ['a certificate without a type', 'failed', json({ ...other, type: undefined })],
    ['more than a mebibyte', 'failed', json({ ...other, more: 'x'.repeat(1024 * 1024) })],
    ['a redirect', 'failed', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }],
    ['an older certificate', 'older', json({ ...other, created: '2029-12-31 23:59:59' })],
  ])('%s', async (_case, outcome, answer) => {
    await fetchAll();
    world.logs();
    const kept = await readStoredCertificate('qwac');
    vi.setSystemTime(start + hour);
    answerFor('qwac', answer);
    const renewed = await world.budgea.certificates.renew('qseal');

    expect(await fetchAll()).toBe(false);
    expect(outcomes()).toEqual({ qwac: outcome, qseal: 'changed' });
    expect(await readStoredCertificate('qwac')).toEqual({ ...kept, checked_at: at(start + hour) });
    expect(await readStoredCertificate('qseal')).toMatchObject({ certificate: renewed, checked_at: at(start + hour) });
    world.gate.meddle(() => undefined);
    expect(await fetchAll()).toBe(true);
    expect(await readStoredCertificate('qwac')).toEqual({
      ...kept,
      checked_at: at(start + hour),
      confirmed_at: at(start + hour),
    });
  });

  test('Secrets Manager does not answer', async () => {
    await world.invoke('fetch-certificates', {});
    const kept = await readStoredCertificate('qwac');
    await world.reset();
    vi.setSystemTime(start + hour);
    world.gate.meddle((name) => (name.includes('/') ? undefined : Promise.resolve(json({ __type: 'X' }, 500))));
    expect(await fetchAll()).toBe(false);
    expect(world.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
    expect(await readStoredCertificate('qwac')).toEqual({ ...kept, checked_at: at(start + hour) });
  });

  test('the table does not answer', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:1');
    expect(await fetchAll()).toBe(false);
    expect(outcomes()).toEqual({ qwac: 'failed', qseal: 'failed' });
  });
});

test('says in the run’s own line which types failed, and counts a rejected credential where the alarm looks', async () => {
  answerFor('qwac', json({ code: 'invalidToken' }, 403));
  await fetchAll();
  const facts = {
    job: 'fetch_certificates',
    outcome: 'failed',
    detail: 'not refreshed: qwac',
    types: certificateTypes,
  };
  const counted = {
    Dimensions: [['environment'], ['environment', 'job', 'outcome']],
    Metrics: [
      { Name: 'runs', Unit: 'Count' },
      { Name: 'CredentialRejected', Unit: 'Count' },
    ],
  };
  expect(world.logs().at(-1)).toMatchObject({
    level: 'ERROR',
    ...facts,
    runs: 1,
    CredentialRejected: 1,
    _aws: { CloudWatchMetrics: [counted] },
  });
});

const dated = (created: string) => ({ id: 9, type: 'qwac', created });
/** The lines of the last run that count a date, each by its type or its job. */
const ignored = () =>
  world.logs().flatMap((line) => ('CertificateDateIgnored' in line ? [line['certificate_type'] ?? line['job']] : []));

describe('a date that is impossible or beyond tomorrow is stored, counted, and ignored when ages are compared', () => {
  const dates = [
    ['9999-12-31 00:00:00'],
    ['2030-01-16 12:00:01'],
    ['2031-13-45 99:00:00'],
    ['2031-02-30 00:00:00'],
    ['2031-01-15 24:00:00'],
    ['0000-00-00 00:00:00'],
  ];

  test.each(dates)('%s stored first is replaced', async (created) => {
    answerFor('qwac', json(dated(created)));
    expect(await fetchAll()).toBe(true);
    expect((await readStoredCertificate('qwac'))?.certificate).toEqual(dated(created));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);

    world.gate.meddle(() => undefined);
    expect(await fetchAll()).toBe(true);
    expect((await readStoredCertificate('qwac'))?.certificate).toEqual(world.budgea.certificates.latest('qwac'));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);
    expect(await fetchAll()).toBe(true);
    expect(ignored()).toEqual([]);
  });

  test.each(dates)('%s fetched later is stored', async (created) => {
    await fetchAll();
    answerFor('qwac', json(dated(created)));
    expect(await fetchAll()).toBe(true);
    expect((await readStoredCertificate('qwac'))?.certificate).toEqual(dated(created));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);
  });

  test('the metric is the environment’s, where the dashboard looks', async () => {
    answerFor('qwac', json(dated('9999-12-31 00:00:00')));
    await fetchAll();
    const Metrics = expect.arrayContaining([{ Name: 'CertificateDateIgnored', Unit: 'Count' }]) as unknown;
    const Dimensions = expect.arrayContaining([['environment']]) as unknown;
    const _aws = { CloudWatchMetrics: [{ Dimensions, Metrics }] };
    expect(world.logs().at(-1)).toMatchObject({ outcome: 'success', CertificateDateIgnored: 1, _aws });
  });

  test('a date of tomorrow counts: it is today’s in another time zone', async () => {
    answerFor('qwac', json(dated('2030-01-16 12:00:00')));
    await fetchAll();
    answerFor('qwac', json(dated('2030-01-16 11:59:59')));
    expect(await fetchAll()).toBe(false);
    expect((await readStoredCertificate('qwac'))?.certificate).toEqual(dated('2030-01-16 12:00:00'));
    expect(ignored()).toEqual([]);
  });
});

test('a first fetch that fails leaves no certificate, and the next one brings it', async () => {
  answerFor('qwac', json({ code: 'notFound' }, 404));
  await fetchAll();
  expect(await readStoredCertificate('qwac')).toEqual({ checked_at: at(start) });
  vi.setSystemTime(start + hour);
  world.gate.meddle(() => undefined);
  expect(await fetchAll()).toBe(true);
  expect(await readStoredCertificate('qwac')).toMatchObject({
    certificate: { type: 'qwac' },
    changed_at: at(start + hour),
  });
});

test('a run that is overtaken by another leaves what that one kept', async () => {
  await fetchAll();
  await world.reset();
  await world.create('manage-token', await world.mint());
  const { AWS_ENDPOINT_URL_DYNAMODB: dynamodb = '' } = process.env;
  const [arrived, overtaken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let puts = 0;
  const proxy = await startProxy(
    () => dynamodb,
    async ({ headers }, forward) => {
      if (headers['x-amz-target']?.endsWith('.PutItem') !== true || puts++ > 0) return forward();
      arrived.resolve();
      await overtaken.promise;
      return forward();
    },
  );
  onTestFinished(() => proxy.close());
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', proxy.url);
  vi.setSystemTime(start + hour);
  await world.budgea.certificates.renew('qwac');
  const slow = fetchAll();
  await arrived.promise;
  vi.setSystemTime(start + 2 * hour);
  const renewed = await world.budgea.certificates.renew('qwac');
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'changed' });
  overtaken.resolve();
  expect(await slow).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'raced' });
  expect(await readStoredCertificate('qwac')).toMatchObject({ certificate: renewed, changed_at: at(start + 2 * hour) });
});

test.each<[string, object]>([
  ['fields that nobody documents', { files: [{ id: 1, tags: [] }, null], note: '', ratio: 0.1, ok: true }],
  ['a number larger than the table’s', { serial: 2 ** 70 }],
  ['a created time in no known form', { created: 'yesterday' }],
  ['no created time', { created: null }],
])('a certificate with %s comes back as it came, and is known again', async (_case, fields) => {
  const odd = { id: 1, type: 'qwac', created: '2030-01-15 12:00:00', ...fields };
  answerFor('qwac', json(odd));
  expect(await fetchAll()).toBe(true);
  expect((await readStoredCertificate('qwac'))?.certificate).toEqual(odd);
  world.logs();
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'unchanged' });
  // It is in nobody's way.
  world.gate.meddle(() => undefined);
  expect(await fetchAll()).toBe(true);
  expect((await readStoredCertificate('qwac'))?.certificate).toEqual(world.budgea.certificates.latest('qwac'));
});

test('without types it has nothing to do', async () => {
  vi.stubEnv('CERTIFICATE_TYPES', '');
  expect(await fetchAll()).toBe(true);
  expect(world.gate.calls()).toEqual([]);
});
