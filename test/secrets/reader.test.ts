import { CreateSecretCommand, PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as v from 'valibot';
import { secretFullName } from '#lib/config/names.ts';
import { useLocal } from '#lib/config/process-env.ts';
import type { GatewayError } from '#lib/errors.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { SecretReader } from '#lib/secrets/reader.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { pauseTimers } from '../timers.ts';
import { awsKey } from '../aws-key.ts';

const shape = v.object({ token: v.string(), expires_at: v.optional(v.number()) });
type Value = v.InferOutput<typeof shape>;

let server: RunningSecretsManager;
let client: SecretsManagerClient;
let newSecret: (usableUntil?: (value: Value) => number) => SecretReader<Value>;
/** The failure of the next reads, and the number of reads. */
let outage: 'throttle' | 'internal' | 'hang' | undefined;
let reads = 0;

beforeAll(async () => {
  server = await startSecretsManager({
    port: 0,
    accessKeyId: awsKey.accessKeyId,
    fail: (operation) => {
      if (operation !== 'GetSecretValue') return undefined;
      reads++;
      return outage;
    },
  });
  useLocal({ secretsManager: server.url, dynamodb: 'http://127.0.0.1:1', aws: awsKey });
  // Imported here, as the AWS client takes its endpoint from the environment.
  const { cachedSecret } = await import('#lib/secrets/reader.ts');
  client = (await import('#lib/aws/sdk-secrets-manager.ts')).secretsManager;
  newSecret = (usableUntil) => cachedSecret('admin-token', () => shape, usableUntil);
  await client.send(new CreateSecretCommand({ Name: secretFullName('local', 'admin-token'), SecretString: '{}' }));
});
afterAll(() => server.close());

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
  outage = undefined;
  await write({ token: 'first' });
  reads = 0;
});
afterEach(() => vi.useRealTimers());

async function write(value: unknown, name: SecretName = 'admin-token'): Promise<void> {
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  await client.send(new PutSecretValueCommand({ SecretId: secretFullName('local', name), SecretString }));
}

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));
const value = async (secret: SecretReader<Value>) => (await secret.get()).value.token;
const unavailable = expect.objectContaining({ name: 'GatewayError', code: 'unavailable' }) as GatewayError;

describe('a cached secret', () => {
  test('is read once for concurrent calls', async () => {
    const secret = newSecret();
    const values = await many(100, () => secret.get());
    expect(new Set(values).size).toBe(1);
    expect(values[0]).toMatchObject({ value: { token: 'first' }, text: '{"token":"first"}' });
    expect(reads).toBe(1);
  });

  test('is cached for four to six minutes, with jitter between containers', async () => {
    const secrets = Array.from({ length: 60 }, () => newSecret());
    await Promise.all(secrets.map(value));
    await write({ token: 'second' });
    const refreshed = async () => {
      const tokens = await Promise.all(secrets.map(value));
      return tokens.filter((token) => token === 'second').length;
    };
    advance(239);
    expect(await refreshed()).toBe(0);
    advance(61);
    const halfway = await refreshed();
    expect(halfway).toBeGreaterThan(5);
    expect(halfway).toBeLessThan(55);
    advance(61);
    expect(await refreshed()).toBe(60);
  });

  test('is refreshed once for concurrent calls', async () => {
    const secret = newSecret();
    await secret.get();
    advance(361);
    await write({ token: 'second' });
    expect(new Set(await many(100, () => value(secret)))).toEqual(new Set(['second']));
    expect(reads).toBe(2);
  });

  test('is the same object after a read without a change', async () => {
    const secret = newSecret();
    const before = await secret.get();
    advance(361);
    expect(await secret.get()).toBe(before);
    expect(reads).toBe(2);
  });
});

describe('during an outage of Secrets Manager', () => {
  test('the last value is used, and reads are repeated every five seconds at most', async () => {
    const secret = newSecret();
    await secret.get();
    advance(361);
    outage = 'internal';
    reads = 0;
    expect(new Set(await many(20, () => value(secret)))).toEqual(new Set(['first']));
    // One read is two attempts.
    expect(reads).toBe(2);
    advance(4.9);
    expect(await value(secret)).toBe('first');
    expect(reads).toBe(2);
    advance(0.2);
    expect(await value(secret)).toBe('first');
    expect(reads).toBe(4);
  });

  test('the first read after it returns the new value', async () => {
    const secret = newSecret();
    await secret.get();
    advance(361);
    outage = 'internal';
    await secret.get();
    await write({ token: 'second' });
    outage = undefined;
    advance(5.1);
    expect(await value(secret)).toBe('second');
  });

  test('a cold container throws, and the first call after the outage returns the value', async () => {
    const secret = newSecret();
    outage = 'internal';
    await expect(many(20, () => secret.get())).rejects.toEqual(unavailable);
    outage = undefined;
    expect(await value(secret)).toBe('first');
  });
});

test('throttling is treated as an outage', async () => {
  const secret = newSecret();
  await secret.get();
  advance(361);
  outage = 'throttle';
  expect(await value(secret)).toBe('first');
});

test('a read without a response is repeated after two seconds', async () => {
  const deadlines = pauseTimers((milliseconds) => milliseconds === 2_000);
  outage = 'hang';
  const reading = value(newSecret());
  await expect.poll(() => reads).toBe(1);
  expect(deadlines).toHaveLength(1);
  outage = undefined;
  deadlines[0]?.run();
  expect(await reading).toBe('first');
  expect(reads).toBe(2);
});

const expiring = () => newSecret(({ expires_at = 0 }) => expires_at * 1000);
const inAMinute = () => Date.now() / 1000 + 60;

describe('a value that expires', () => {
  test('is used during an outage until it expires', async () => {
    await write({ token: 'first', expires_at: inAMinute() + 360 });
    const secret = expiring();
    await secret.get();
    outage = 'internal';
    advance(419);
    expect(await value(secret)).toBe('first');
    advance(1);
    await expect(secret.get()).rejects.toEqual(unavailable);
  });

  test('is refreshed when it expires before its time to live', async () => {
    await write({ token: 'first', expires_at: inAMinute() });
    const secret = expiring();
    await secret.get();
    advance(60);
    await write({ token: 'second', expires_at: inAMinute() });
    expect(await value(secret)).toBe('second');
    expect(reads).toBe(2);
  });

  test('is not usable when it has expired already, until a new one is written', async () => {
    await write({ token: 'first', expires_at: Date.now() / 1000 });
    const secret = expiring();
    await expect(secret.get()).rejects.toEqual(unavailable);
    await write({ token: 'second', expires_at: inAMinute() });
    expect(await value(secret)).toBe('second');
  });
});

describe('a malformed value', () => {
  test.each([
    ['no JSON', 'not-json-but-secret'],
    ['a field of another type', { token: 5, secret: 'secret' }],
    ['a missing field', { secret: 'secret' }],
    ['a JSON string', '"secret"'],
    ['null', 'null'],
  ])('%s: is not returned, and no error quotes it', async (_what, wrong) => {
    await write(wrong);
    const secret = newSecret();
    const error: unknown = await secret.get().catch((thrown: unknown) => thrown);
    expect(error).toEqual(unavailable);
    for (let each = error; each instanceof Error; each = each.cause) {
      expect(`${each.message}${each.stack}${JSON.stringify(each)}`).not.toMatch(/secret"|not-json/);
    }
    await write({ token: 'second' });
    expect(await value(secret)).toBe('second');
  });

  test('does not replace a valid one', async () => {
    const secret = newSecret();
    await secret.get();
    await write('oops');
    advance(361);
    expect(await value(secret)).toBe('first');
  });

  test('a missing secret: only the log names the command to run', async () => {
    process.env['SECRET_ADMIN_TOKEN'] = 'local/budgea/nowhere';
    const error: unknown = await newSecret()
      .get()
      .catch((thrown: unknown) => thrown);
    process.env['SECRET_ADMIN_TOKEN'] = secretFullName('local', 'admin-token');
    expect(error).toEqual(unavailable);
    expect((error as GatewayError).detail).toContain('secrets set');
    expect((error as GatewayError).description).not.toContain('secret');
  });
});

describe('after a rejection', () => {
  test('a rotated value is returned at once, with one read for concurrent rejections', async () => {
    const secret = newSecret();
    const rejected = await secret.get();
    await write({ token: 'second' });
    const newer = await many(100, () => secret.newerThan(rejected));
    expect(new Set(newer.map((cached) => cached?.value.token))).toEqual(new Set(['second']));
    expect(reads).toBe(2);
  });

  test('a later rejection of the same value needs no read', async () => {
    const secret = newSecret();
    const rejected = await secret.get();
    await write({ token: 'second' });
    await secret.newerThan(rejected);
    expect(await secret.newerThan(rejected)).toMatchObject({ value: { token: 'second' } });
    expect(reads).toBe(2);
  });

  test('a read that started before the rejection is not conclusive', async () => {
    const secret = newSecret();
    const rejected = await secret.get();
    advance(361);
    const refreshing = secret.get();
    const newer = secret.newerThan(rejected);
    await refreshing;
    await write({ token: 'second' });
    // The first read started before the rotation; whether the second one did is a race.
    expect([undefined, 'second']).toContain((await newer)?.value.token);
    expect(reads).toBe(3);
  });

  test('repeated rejections of the same value read five times, then once per second', async () => {
    const secret = newSecret();
    const rejected = await secret.get();
    reads = 0;
    for (let call = 0; call < 100; call++) expect(await secret.newerThan(rejected)).toBeUndefined();
    expect(reads).toBe(5);
    for (let second = 1; second <= 10; second++) {
      advance(1);
      await many(20, () => secret.newerThan(rejected));
      expect(reads).toBe(5 + second);
    }
    advance(3_600);
    for (let call = 0; call < 100; call++) await secret.newerThan(rejected);
    expect(reads).toBe(20);
  });

  test('a read that returns a new value does not count', async () => {
    const secret = newSecret();
    let rejected = await secret.get();
    for (let call = 0; call < 100; call++) await secret.newerThan(rejected);
    advance(1);
    for (let rotation = 0; rotation < 20; rotation++) {
      await write({ token: `rotated ${rotation}` });
      const newer = await secret.newerThan(rejected);
      expect(newer?.value.token).toBe(`rotated ${rotation}`);
      rejected = newer ?? rejected;
    }
  });

  test('an outage returns no newer value and does not throw', async () => {
    const secret = newSecret();
    const rejected = await secret.get();
    outage = 'internal';
    expect(await secret.newerThan(rejected)).toBeUndefined();
    outage = undefined;
    await write({ token: 'second' });
    expect(await secret.newerThan(rejected)).toMatchObject({ value: { token: 'second' } });
  });

  test('a newer value that has expired is not returned', async () => {
    await write({ token: 'first', expires_at: Date.now() / 1000 + 60 });
    const secret = expiring();
    const rejected = await secret.get();
    await write({ token: 'second', expires_at: Date.now() / 1000 - 1 });
    expect(await secret.newerThan(rejected)).toBeUndefined();
  });
});
