import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, TransportError } from '#lib/budgea/authentication-api.ts';
import { GatewayError } from '#lib/errors.ts';
import type { Call } from '#lib/operations/call.ts';
import { makeKey } from '#lib/partner-key.ts';
import { asToken, serveOnce, type Served } from './serve-once.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

/** All fields of a log line, except metrics. */
const names = new Set([
  'level',
  'time',
  'request_id',
  'environment',
  'operation',
  'outcome',
  'status',
  'kind',
  'partner',
  'key_id',
  'id_user',
  'code',
  'detail',
  'cause',
  'duration_ms',
  'upstream_attempts',
  'upstream_ms',
  'upstream_status',
  'cold_start',
  'function',
  'calls',
  '_aws',
]);

interface Embedded {
  Timestamp: number;
  CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
}

function lineOf({ lines }: Served): Record<string, unknown> & { _aws: Embedded } {
  expect(lines).toHaveLength(1);
  return lines[0] as Record<string, unknown> & { _aws: Embedded };
}

/** Sets all log fields of a call. */
function setLogFields({ log }: Call): void {
  log.id_user = '12';
  log.upstream_attempts = 2;
  log.upstream_ms = 30;
  log.upstream_status = 200;
  log.count.push('CredentialRejected', 'UndoFailed', 'CredentialRejected');
}

const partner = { headers: { authorization: makeKey('12345678') }, pathParameters: { id_user: '12' } };
const calls: [string, () => Promise<Served>][] = [
  ['a success', () => serveOnce('hash_delete', async () => undefined, { headers: asToken })],
  ['a success with all fields', () => serveOnce('users_id_user_get', async (call) => setLogFields(call), partner)],
  [
    'a redirect',
    () =>
      serveOnce('webauth_get', async () => ({}), {
        query: 'client_id=12345678&redirect_uri=https://example.com/&state=secret-state&token=secret-code',
      }),
  ],
  ['a caller without credentials', () => serveOnce('hash_delete', async () => undefined)],
  [
    'an unreadable body',
    () => serveOnce('auth_init_post', async () => undefined, { headers: asToken, body: '{secret-body' }),
  ],
  [
    'an error of the gateway',
    () =>
      serveOnce(
        'users_id_user_get',
        async () => {
          throw new GatewayError('notFound', { detail: 'not this partner’s user' });
        },
        partner,
      ),
  ],
  [
    'an error of upstream',
    () => failing(new ApiError('hash_delete', 403, { 'x-a': 'secret' }, { code: 'invalidToken', message: 'secret' })),
  ],
  ['a transport failure', () => failing(new TransportError('broken', 'hash_delete failed', { sent: true }))],
  ['a bug', () => failing(new TypeError('secret'))],
];

const failing = (error: unknown) =>
  serveOnce(
    'hash_delete',
    async () => {
      throw error;
    },
    { headers: asToken },
  );

describe.each(calls)('the log of %s', (_what, call) => {
  test('is one line with known fields and no values of the request', async () => {
    const line = lineOf(await call());
    const metrics = line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
    const allowed = new Set([...names, ...metrics]);
    expect(Object.keys(line).filter((name) => !allowed.has(name))).toEqual([]);
    expect(JSON.stringify(line)).not.toMatch(/secret|c29tZWJvZHkn|bgk_/);
  });

  test('has the request id of the response, the outcome and the status', async () => {
    const response = await call();
    const { status, requestId } = response;
    const outcome = status < 400 ? 'success' : status < 500 ? 'refused' : 'failed';
    const level = status < 500 ? 'INFO' : 'ERROR';
    expect(lineOf(response)).toMatchObject({ request_id: requestId, status, outcome, level, environment: 'test' });
    expect(response.headers['x-request-id']).toBe(requestId);
  });

  test('has valid embedded metrics by operation and outcome', async () => {
    const line = lineOf(await call());
    const { Timestamp, CloudWatchMetrics } = line._aws;
    expect(Math.abs(Date.now() - Timestamp)).toBeLessThan(60_000);
    expect(Number.isInteger(Timestamp)).toBe(true);
    expect(CloudWatchMetrics).toHaveLength(1);
    for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
      expect(Namespace).toMatch(/^[\w./#:-]{1,255}$/);
      expect(Dimensions).toEqual([
        ['environment'],
        ['environment', 'operation'],
        ['environment', 'operation', 'outcome'],
      ]);
      for (const name of Dimensions.flat()) expect(line[name]).toEqual(expect.stringMatching(/^[\x21-\x7e]{1,250}$/));
      expect(new Set(Metrics.map(({ Name }) => Name)).size).toBe(Metrics.length);
      expect(Metrics.length).toBeLessThanOrEqual(100);
      for (const { Name, Unit } of Metrics) {
        expect(['Count', 'Milliseconds']).toContain(Unit);
        expect(Number.isFinite(line[Name])).toBe(true);
      }
    }
  });
});

test('a call with an upstream call has its time, and each event once', async () => {
  const line = lineOf(await serveOnce('users_id_user_get', async (call) => setLogFields(call), partner));
  expect(line).toMatchObject({
    kind: 'bearer_key',
    partner: '12345678',
    id_user: '12',
    upstream_attempts: 2,
    upstream_ms: 30,
    upstream_status: 200,
    calls: 1,
    CredentialRejected: 1,
    UndoFailed: 1,
  });
  const units = Object.fromEntries(
    line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name, Unit }) => [Name, Unit])),
  );
  expect(units).toEqual({
    calls: 'Count',
    duration_ms: 'Milliseconds',
    upstream_ms: 'Milliseconds',
    CredentialRejected: 'Count',
    UndoFailed: 'Count',
  });
});

test('the line has the duration of the call', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
  const line = lineOf(
    await serveOnce('hash_delete', async () => void vi.setSystemTime(Date.UTC(2031, 0, 1) + 1234), {
      headers: asToken,
    }),
  );
  expect(line).toMatchObject({ time: '2031-01-01T00:00:00.000Z', duration_ms: 1234 });
});

test('only the first call of a container is a cold start', async () => {
  vi.resetModules();
  const fresh = await import('./serve-once.ts');
  const call = () => fresh.serveOnce('hash_delete', async () => undefined, { headers: asToken });
  expect(lineOf(await call())).toMatchObject({ cold_start: true });
  expect(lineOf(await call())).toMatchObject({ cold_start: false });
});

test.each<[string, () => Promise<unknown>, number]>([
  ['succeeds', async () => undefined, 204],
  ['is rejected', () => Promise.reject(new GatewayError('notFound')), 404],
  ['fails', () => Promise.reject(new Error('a defect')), 500],
])('a call that %s leaves no timer', async (_how, endpoint, status) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let during = 0;
  const counted = () => {
    during = vi.getTimerCount();
    return endpoint();
  };
  expect(await serveOnce('hash_delete', counted, { headers: asToken })).toMatchObject({ status });
  expect([during, vi.getTimerCount()]).toEqual([1, 0]);
});
