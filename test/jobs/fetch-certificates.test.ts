import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readStoredCertificate } from '#lib/jobs/certificates.ts';
import { table } from '#lib/aws/table.ts';
import { startProxy, type ProxyResponse } from '../proxy.ts';
import { certificateTypes, useFixture } from '../rotation/fixture.ts';

const start = Date.UTC(2030, 0, 15, 12);
const hour = 3_600_000;
const at = (time: number) => new Date(time).toISOString();

const fixture = await useFixture({ table: true, now: start }, async ({ create, mint }) => {
  await create('manage-token', await mint());
  for (const type of certificateTypes) await table.delete(`CERTIFICATE#${type}`);
});

/** Runs the job and returns whether it succeeded. */
const fetchAll = () =>
  fixture.invoke('fetch-certificates', {}).then(
    () => true,
    () => false,
  );
/** Sets upstream's response for a certificate type. */
const answerFor = (type: string, answer: ProxyResponse) =>
  fixture.gate.intercept((name) => (name === `GET /certificate/${type}` ? Promise.resolve(answer) : undefined));
const json = (body: unknown, status = 200): ProxyResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
/** Returns the logged outcome of each type. */
const outcomes = () =>
  Object.fromEntries(
    fixture.logs().flatMap((line) => ('certificate_type' in line ? [[line['certificate_type'], line['outcome']]] : [])),
  );

const storedQwac = async () => (await readStoredCertificate('qwac'))?.certificate;

test('fetches and stores every type', async () => {
  expect(await fetchAll()).toBe(true);
  expect(fixture.gate.calls()).toEqual(['GetSecretValue', 'GET /certificate/qwac', 'GET /certificate/qseal']);
  for (const type of certificateTypes) {
    expect(await readStoredCertificate(type)).toEqual({
      certificate: fixture.budgea.certificates.latest(type),
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
  const lines = fixture.logs().filter((logged) => 'certificate_type' in logged);
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

test('records a check of an unchanged certificate without writing the certificate', async () => {
  await fetchAll();
  vi.setSystemTime(start + hour);
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toEqual({ qwac: 'unchanged', qseal: 'unchanged' });
  const times = { changed_at: at(start), checked_at: at(start + hour), confirmed_at: at(start + hour) };
  for (const type of certificateTypes) expect(await readStoredCertificate(type)).toMatchObject(times);
});

test('replaces a stored certificate with a new one', async () => {
  await fetchAll();
  vi.setSystemTime(start + hour);
  const renewed = await fixture.budgea.certificates.renew('qwac');
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toEqual({ qwac: 'changed', qseal: 'unchanged' });
  expect(await readStoredCertificate('qwac')).toMatchObject({ certificate: renewed, changed_at: at(start + hour) });
  expect(await readStoredCertificate('qseal')).toMatchObject({ changed_at: at(start) });
});

describe('a failure keeps the stored certificate and does not affect other types', () => {
  const other = { id: 9, type: 'qwac', created: '2030-01-15 12:00:01' };
  test.each<[string, string, ProxyResponse]>([
    ['no response', 'failed', 'broken'],
    ['404', 'failed', json({ code: 'notFound' }, 404)],
    ['500', 'failed', json({ code: 'bug' }, 500)],
    ['503', 'failed', json({ code: 'maintenance' }, 503)],
    ['403', 'failed', json({ code: 'forbidden' }, 403)],
    ['a rejected JWT', 'failed', json({ code: 'invalidToken' }, 403)],
    ['an HTML page', 'failed', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['an empty body', 'failed', { status: 200, headers: {}, body: '' }],
    ['JSON of another shape', 'failed', json({ certificates: [other] })],
    ['a certificate without a type', 'failed', json({ ...other, type: undefined })],
    ['more than a mebibyte', 'failed', json({ ...other, more: 'x'.repeat(1024 * 1024) })],
    ['a redirect', 'failed', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }],
    ['an older certificate', 'older', json({ ...other, created: '2029-12-31 23:59:59' })],
  ])('%s', async (_case, outcome, answer) => {
    await fetchAll();
    fixture.logs();
    const stored = await readStoredCertificate('qwac');
    vi.setSystemTime(start + hour);
    answerFor('qwac', answer);
    const renewed = await fixture.budgea.certificates.renew('qseal');

    expect(await fetchAll()).toBe(false);
    expect(outcomes()).toEqual({ qwac: outcome, qseal: 'changed' });
    expect(await readStoredCertificate('qwac')).toEqual({ ...stored, checked_at: at(start + hour) });
    expect(await readStoredCertificate('qseal')).toMatchObject({ certificate: renewed, checked_at: at(start + hour) });
    fixture.gate.intercept(() => undefined);
    expect(await fetchAll()).toBe(true);
    expect(await readStoredCertificate('qwac')).toEqual({
      ...stored,
      checked_at: at(start + hour),
      confirmed_at: at(start + hour),
    });
  });

  test('an outage of Secrets Manager', async () => {
    await fixture.invoke('fetch-certificates', {});
    const stored = await readStoredCertificate('qwac');
    await fixture.reset();
    vi.setSystemTime(start + hour);
    fixture.gate.intercept((name) => (name.includes('/') ? undefined : Promise.resolve(json({ __type: 'X' }, 500))));
    expect(await fetchAll()).toBe(false);
    expect(fixture.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
    expect(await readStoredCertificate('qwac')).toEqual({ ...stored, checked_at: at(start + hour) });
  });

  test('an outage of the table', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:1');
    expect(await fetchAll()).toBe(false);
    expect(outcomes()).toEqual({ qwac: 'failed', qseal: 'failed' });
  });
});

test('logs which types failed, and counts a rejected credential in the alarm’s metric', async () => {
  answerFor('qwac', json({ code: 'invalidToken' }, 403));
  await fetchAll();
  const fields = {
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
  expect(fixture.logs().at(-1)).toMatchObject({
    level: 'ERROR',
    ...fields,
    runs: 1,
    CredentialRejected: 1,
    _aws: { CloudWatchMetrics: [counted] },
  });
});

const dated = (created: string) => ({ id: 9, type: 'qwac', created });
/** Returns the type or job of each line of the last run that counts an ignored date. */
const ignored = () =>
  fixture.logs().flatMap((line) => ('CertificateDateIgnored' in line ? [line['certificate_type'] ?? line['job']] : []));

describe('an invalid or future date is stored, counted and ignored in comparisons', () => {
  const dates = [
    ['9999-12-31 00:00:00'],
    ['2030-01-16 12:00:01'],
    ['2031-13-45 99:00:00'],
    ['2031-02-30 00:00:00'],
    ['2031-01-15 24:00:00'],
    ['0000-00-00 00:00:00'],
  ];

  test.each(dates)('a stored certificate of %s is replaced', async (created) => {
    answerFor('qwac', json(dated(created)));
    expect(await fetchAll()).toBe(true);
    expect(await storedQwac()).toEqual(dated(created));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);

    fixture.gate.intercept(() => undefined);
    expect(await fetchAll()).toBe(true);
    expect(await storedQwac()).toEqual(fixture.budgea.certificates.latest('qwac'));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);
    expect(await fetchAll()).toBe(true);
    expect(ignored()).toEqual([]);
  });

  test.each(dates)('a fetched certificate of %s is stored', async (created) => {
    await fetchAll();
    answerFor('qwac', json(dated(created)));
    expect(await fetchAll()).toBe(true);
    expect(await storedQwac()).toEqual(dated(created));
    expect(ignored()).toEqual(['qwac', 'fetch_certificates']);
  });

  test('the metric has the dimension of the dashboard', async () => {
    answerFor('qwac', json(dated('9999-12-31 00:00:00')));
    await fetchAll();
    const Metrics = expect.arrayContaining([{ Name: 'CertificateDateIgnored', Unit: 'Count' }]) as unknown;
    const Dimensions = expect.arrayContaining([['environment']]) as unknown;
    const _aws = { CloudWatchMetrics: [{ Dimensions, Metrics }] };
    expect(fixture.logs().at(-1)).toMatchObject({ outcome: 'success', CertificateDateIgnored: 1, _aws });
  });

  test('a date within one day is compared, because of time zones', async () => {
    answerFor('qwac', json(dated('2030-01-16 12:00:00')));
    await fetchAll();
    answerFor('qwac', json(dated('2030-01-16 11:59:59')));
    expect(await fetchAll()).toBe(false);
    expect(await storedQwac()).toEqual(dated('2030-01-16 12:00:00'));
    expect(ignored()).toEqual([]);
  });
});

test('a failed first fetch stores no certificate, and the next fetch does', async () => {
  answerFor('qwac', json({ code: 'notFound' }, 404));
  await fetchAll();
  expect(await readStoredCertificate('qwac')).toEqual({ checked_at: at(start) });
  vi.setSystemTime(start + hour);
  fixture.gate.intercept(() => undefined);
  expect(await fetchAll()).toBe(true);
  expect(await readStoredCertificate('qwac')).toMatchObject({
    certificate: { type: 'qwac' },
    changed_at: at(start + hour),
  });
});

test('a run that another run overtakes keeps the other run’s certificate', async () => {
  await fetchAll();
  await fixture.reset();
  await fixture.create('manage-token', await fixture.mint());
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
  await fixture.budgea.certificates.renew('qwac');
  const slow = fetchAll();
  await arrived.promise;
  vi.setSystemTime(start + 2 * hour);
  const renewed = await fixture.budgea.certificates.renew('qwac');
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'changed' });
  overtaken.resolve();
  expect(await slow).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'raced' });
  expect(await readStoredCertificate('qwac')).toMatchObject({ certificate: renewed, changed_at: at(start + 2 * hour) });
});

test.each<[string, object]>([
  ['undocumented fields', { files: [{ id: 1, tags: [] }, null], note: '', ratio: 0.1, ok: true }],
  ['a number beyond DynamoDB’s precision', { serial: 2 ** 70 }],
  ['a creation time in an unknown format', { created: 'yesterday' }],
  ['no creation time', { created: null }],
])('a certificate with %s is returned unchanged and recognized', async (_case, fields) => {
  const certificate = { id: 1, type: 'qwac', created: '2030-01-15 12:00:00', ...fields };
  answerFor('qwac', json(certificate));
  expect(await fetchAll()).toBe(true);
  expect(await storedQwac()).toEqual(certificate);
  fixture.logs();
  expect(await fetchAll()).toBe(true);
  expect(outcomes()).toMatchObject({ qwac: 'unchanged' });
  // It does not block another certificate.
  fixture.gate.intercept(() => undefined);
  expect(await fetchAll()).toBe(true);
  expect(await storedQwac()).toEqual(fixture.budgea.certificates.latest('qwac'));
});

test('without types, it makes no call', async () => {
  vi.stubEnv('CERTIFICATE_TYPES', '');
  expect(await fetchAll()).toBe(true);
  expect(fixture.gate.calls()).toEqual([]);
});
