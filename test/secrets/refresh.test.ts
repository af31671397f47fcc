import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SecretName } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { startTestAws, type TestAws } from '../aws.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import type { TestResponse } from '../invoke.ts';

let aws: TestAws;
let gateway: Gateway;
let partner: DemoPartner;
let user: { id: string; token: string };
let write: (name: SecretName, value: unknown) => Promise<void>;

beforeAll(async () => {
  aws = await startTestAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  write = (await import('#local/secrets.ts')).writeSecret;
  partner = await gateway.newPartner({ grants: ['admin:jwt:config:60'] });
  user = await gateway.newUser(partner);
  // The clock only moves when a test advances it.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterAll(async () => {
  vi.useRealTimers();
  await gateway.close();
  await aws.close();
});

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const makeSecret = () => randomBytes(24).toString('base64');

/** A call that a secret signs, and the secret's rotation. */
interface Rotated {
  send: () => Promise<TestResponse>;
  /** Creates a new credential. Upstream accepts it, and rejects the old one, after `replace`. */
  prepare: () => Promise<{ value: unknown; replace: () => Promise<unknown> }>;
}

const rotated: Record<Exclude<SecretName, 'sealing-keys'>, Rotated> = {
  'client-credentials': {
    send: () => gateway.call.http('POST', '/auth/init', json({ ...partner })),
    async prepare() {
      const { client_id } = await gateway.secret<{ client_id: number }>('client-credentials');
      const client_secret = makeSecret();
      return { value: { client_id, client_secret }, replace: () => gateway.control('client', { client_secret }) };
    },
  },
  'manage-token': {
    send: () => gateway.call.http('GET', `/users/${user.id}`, authorization(partner.client_secret)),
    prepare: () => prepareManageToken('users'),
  },
  'admin-token': {
    send: () => gateway.call.http('POST', '/admin/jwt', authorization(partner.client_secret)),
    async prepare() {
      const token = makeSecret();
      return { value: { token }, replace: () => gateway.control('admin-token', { token }) };
    },
  },
};

async function prepareManageToken(scope: string, minutes = 600) {
  const { token } = await gateway.secret<{ token: string }>('admin-token');
  const old = await gateway.secret<{ jwt_token: string }>('manage-token');
  const request = json({ scope, duration: minutes });
  const minted = await gateway.sandbox('POST', '/admin/jwt', {
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${token}` },
  });
  const { jwt_token, payload } = minted.body as { jwt_token: string; payload: { exp: number } };
  const { jti } = JSON.parse(Buffer.from(old.jwt_token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  return {
    value: { jwt_token, expires_at: payload.exp },
    replace: () => gateway.control('manage-tokens/revoke', { jti }),
  };
}

describe.each(Object.entries(rotated))('%s', (name, { send, prepare }) => {
  const secret = name as SecretName;
  const fullName = `local/budgea/${name}`;
  /** Stores a credential that upstream accepts. */
  const reset = async () => {
    const { value, replace } = await prepare();
    await write(secret, value);
    await replace();
    advance(1);
    expect(await send()).toMatchObject({ status: 200 });
    aws.secretReads();
    await gateway.upstreamCalls();
    gateway.logs();
  };
  beforeEach(reset);

  test('a rotation fails none of the calls in progress and costs one read', async () => {
    const { value, replace } = await prepare();
    await gateway.upstreamCalls();
    aws.secretReads();
    let completed = 0;
    const inProgress = Promise.withResolvers<void>();
    const calling = Array.from({ length: 50 }, async () => {
      const statuses: number[] = [];
      for (let call = 0; call < 2; call++) {
        statuses.push((await send()).status);
        if (++completed === 30) inProgress.resolve();
      }
      return statuses;
    });
    await inProgress.promise;
    await write(secret, value);
    await replace();
    const statuses = (await Promise.all(calling)).flat();
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
    expect(aws.secretReads().filter((read) => read === fullName).length).toBeLessThanOrEqual(1);

    // Only rejected calls were repeated: upstream executed each call once.
    const requests = await gateway.upstreamRequests();
    const succeeded = requests.filter(({ status }) => status === 200).length;
    const rejected = requests.filter(({ status }) => status === 401 || status === 403).length;
    expect({ succeeded, all: requests.length }).toEqual({ succeeded: 100, all: 100 + rejected });
    expect(rejected).toBeLessThanOrEqual(50);
    const repeated = gateway.logs().filter(({ upstream_attempts }) => upstream_attempts === 2).length;
    expect(repeated).toBe(rejected);
  });

  test('a rotation between calls costs the next call one read', async () => {
    const { value, replace } = await prepare();
    await write(secret, value);
    await replace();
    aws.secretReads();
    await gateway.upstreamCalls();
    expect(await send()).toMatchObject({ status: 200 });
    expect(await send()).toMatchObject({ status: 200 });
    expect(aws.secretReads()).toEqual([fullName]);
    expect(await gateway.upstreamCalls()).toHaveLength(3);
  });

  test('an invalid credential returns 503, is counted, and causes few reads', async () => {
    const { replace } = await prepare();
    await replace();
    aws.secretReads();
    await gateway.upstreamCalls();
    const responses = await Promise.all(Array.from({ length: 60 }, send));
    for (const { status, headers, body } of responses) {
      expect({ status, headers, body }).toMatchObject({
        status: 503,
        headers: { 'retry-after': '5', 'cache-control': 'no-store' },
        body: {
          code: 'unavailable',
          description: expect.stringMatching(/^Temporarily unavailable/) as string,
          message: null,
        },
      });
    }
    // One attempt each, as there is no newer value.
    expect(await gateway.upstreamCalls()).toHaveLength(60);
    const lines = gateway.logs();
    expect(lines).toHaveLength(60);
    for (const line of lines) {
      expect(line).toMatchObject({
        CredentialRejected: 1,
        level: 'ERROR',
        detail: `upstream rejects the credential of the secret ${name}`,
        cause: expect.stringMatching(/^\w+ answered 40[13] invalid(Client|Token)$/) as string,
      });
    }
    expect(aws.secretReads().length).toBeLessThanOrEqual(5);

    for (let call = 0; call < 60; call++) await send();
    expect(aws.secretReads().length).toBeLessThanOrEqual(5);
    advance(1);
    for (let call = 0; call < 10; call++) await send();
    expect(aws.secretReads()).toEqual([fullName]);
  });

  test('the first call after the credential was corrected succeeds', async () => {
    const { value, replace } = await prepare();
    await replace();
    for (let call = 0; call < 20; call++) expect(await send()).toMatchObject({ status: 503 });
    await write(secret, value);
    advance(1);
    expect(await send()).toMatchObject({ status: 200 });
  });

  test('a new value that upstream also rejects is tried once and returns 503', async () => {
    const [first, second] = [await prepare(), await prepare()];
    await write(secret, first.value);
    await first.replace();
    await second.replace();
    if (name === 'manage-token') await gateway.control('manage-tokens/revoke', { all: true });
    await gateway.upstreamCalls();
    gateway.logs();
    expect(await send()).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(await gateway.upstreamCalls()).toHaveLength(2);
    expect(gateway.logs()).toMatchObject([{ CredentialRejected: 1, upstream_attempts: 2 }]);
  });

  test('a rejection during an outage of Secrets Manager returns 503, and the first call after it succeeds', async () => {
    const { value, replace } = await prepare();
    await write(secret, value);
    await replace();
    aws.secretsFailure = 'internal';
    expect(await send()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    aws.secretsFailure = undefined;
    expect(await send()).toMatchObject({ status: 200 });
  });
});

describe('not a rejection of the gateway’s credential', () => {
  test('a missing right of the manage JWT: no read and no second attempt', async () => {
    const { value, replace } = await prepareManageToken('config');
    await write('manage-token', value);
    await replace();
    await rotated['manage-token'].send();
    aws.secretReads();
    await gateway.upstreamCalls();
    for (let call = 0; call < 5; call++) {
      expect(await rotated['manage-token'].send()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(aws.secretReads()).toEqual([]);
    expect(await gateway.upstreamCalls()).toHaveLength(5);
  });

  test('an unknown token of the caller', async () => {
    for (const [method, path] of [
      ['GET', '/users/me'],
      ['POST', '/users/me/token'],
      ['POST', '/admin/jwt'],
      ['POST', '/auth/jwt'],
      ['DELETE', '/auth/token'],
    ] as const) {
      aws.secretReads();
      const request = {
        headers: { ...json({}).headers, authorization: 'Bearer bm9ib2R5' },
        body: '{"application":"a"}',
      };
      const response = await gateway.call.http(method, path, request);
      expect(response).toMatchObject({ status: 403, body: { code: 'invalidToken' } });
      expect(aws.secretReads()).toEqual([]);
    }
  });
});

test('during an outage a manage JWT is used until shortly before it expires, and the next one at once', async () => {
  const { send } = rotated['manage-token'];
  const { value, replace } = await prepareManageToken('users', 30);
  await write('manage-token', value);
  await replace();
  await send();
  expect(await send()).toMatchObject({ status: 200 });
  aws.secretsFailure = 'internal';
  for (const minutes of [10, 10, 9]) {
    advance(minutes * 60);
    expect(await send()).toMatchObject({ status: 200 });
  }
  advance(31);
  expect(await send()).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, body: { code: 'unavailable' } });
  aws.secretsFailure = undefined;
  const next = await prepareManageToken('users');
  await write('manage-token', next.value);
  expect(await send()).toMatchObject({ status: 200 });
});
