import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, TransportError } from '#lib/budgea/authentication-api.ts';
import { GatewayError } from '#lib/errors.ts';
import type { Call } from '#lib/operations/call.ts';
import { makeKey } from '#lib/partners/key.ts';
import { asToken, serveOnce, type Served } from './served.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

/** Every name that a log line can have, and nothing but these; metrics come in addition, by the names that the code counts. */
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

/** What an endpoint of an operation finds out on the way. */
function workingUpstream({ log }: Call): void {
  log.id_user = '12';
  log.upstream_attempts = 2;
  log.upstream_ms = 30;
  log.upstream_status = 200;
  log.count.push('CredentialRejected', 'UndoFailed', 'CredentialRejected');
}

const partner = { headers: { authorization: makeKey('12345678') }, pathParameters: { id_user: '12' } };
const calls: [string, () => Promise<Served>][] = [
  ['a success', () => serveOnce('hash_delete', async () => undefined, { headers: asToken })],
  [
    'a success with everything on record',
    () => serveOnce('users_id_user_get', async (call) => workingUpstream(call), partner),
  ],
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
    'a refusal',
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
    'an upstream’s refusal',
    () => failing(new ApiError('hash_delete', 403, { 'x-a': 'secret' }, { code: 'invalidToken', message: 'secret' })),
  ],
  ['a broken upstream', () => failing(new TransportError('broken', 'hash_delete failed', { sent: true }))],
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
  test('is one line with known names alone, and nothing of what was sent', async () => {
    const line = lineOf(await call());
    const metrics = line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
    const known = new Set([...names, ...metrics]);
    expect(Object.keys(line).filter((name) => !known.has(name))).toEqual([]);
    expect(JSON.stringify(line)).not.toMatch(/secret|c29tZWJvZHkn|bgk_/);
  });

  test('bears the request id of its answer, the outcome and the status', async () => {
    const answer = await call();
    const { status, requestId } = answer;
    const outcome = status < 400 ? 'success' : status < 500 ? 'refused' : 'failed';
    const level = status < 500 ? 'INFO' : 'ERROR';
    expect(lineOf(answer)).toMatchObject({ request_id: requestId, status, outcome, level, environment: 'test' });
    expect(answer.headers['x-request-id']).toBe(requestId);
  });

  test('is what CloudWatch takes for metrics, by operation and outcome alone', async () => {
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

test('a call that asked upstream counts its time, and each alarm metric once', async () => {
  const line = lineOf(await serveOnce('users_id_user_get', async (call) => workingUpstream(call), partner));
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

test('the time that a call took is on its line', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
  const line = lineOf(
    await serveOnce('hash_delete', async () => void vi.setSystemTime(Date.UTC(2031, 0, 1) + 1234), {
      headers: asToken,
    }),
  );
  expect(line).toMatchObject({ time: '2031-01-01T00:00:00.000Z', duration_ms: 1234 });
});

test('the first call of a container is marked as a cold start, and no other', async () => {
  vi.resetModules();
  const fresh = await import('./served.ts');
  const call = () => fresh.serveOnce('hash_delete', async () => undefined, { headers: asToken });
  expect(lineOf(await call())).toMatchObject({ cold_start: true });
  expect(lineOf(await call())).toMatchObject({ cold_start: false });
});

test.each<[string, () => Promise<unknown>, number]>([
  ['succeeds', async () => undefined, 204],
  ['is refused', () => Promise.reject(new GatewayError('notFound')), 404],
  ['fails', () => Promise.reject(new Error('a defect')), 500],
])('a call that %s leaves no timer behind', async (_how, endpoint, status) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let during = 0;
  const counted = () => {
    during = vi.getTimerCount();
    return endpoint();
  };
  expect(await serveOnce('hash_delete', counted, { headers: asToken })).toMatchObject({ status });
  expect([during, vi.getTimerCount()]).toEqual([1, 0]);
});
