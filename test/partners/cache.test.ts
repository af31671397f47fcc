import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import type { Partner } from '#lib/operations/call.ts';
import type { authenticatePartner, evaluate } from '#lib/partners/authenticate.ts';
import type * as Directory from '#lib/partners/directory.ts';
import { makeKey, readKey } from '#lib/partner-key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { noFault, startTestAws, unreachable, type TestAws } from '../aws.ts';

let aws: TestAws;
let directory: typeof Directory;
let authenticate: typeof authenticatePartner;
let evaluateRecord: typeof evaluate;
let partner: { clientId: string; key: string };

beforeAll(async () => {
  aws = await startTestAws();
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  // Imported here, as the AWS client takes its endpoint from the environment.
  directory = await import('#lib/partners/directory.ts');
  ({ authenticatePartner: authenticate, evaluate: evaluateRecord } = await import('#lib/partners/authenticate.ts'));
  const { createTable } = await import('#local/table.ts');
  await createTable();
  // The clock only moves when a test advances it.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
});
afterAll(async () => {
  vi.useRealTimers();
  await aws.close();
});

beforeEach(async () => {
  const { record, key } = await directory.createPartner({ name: 'A test partner' });
  partner = { clientId: record.client_id, key };
  aws.itemReads();
});

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const logIn = (key = partner.key): Promise<Partner> => authenticate('bearer_key', readKey(key));
const change = (fields: Partial<PartnerRecord>) =>
  directory.changePartner(partner.clientId, (record) => ({ ...record, ...fields }));
const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));
const invalidClient = expect.objectContaining({ name: 'GatewayError', code: 'invalidClient' }) as Error;

/** Returns the number of reads of the partner's record since the last time. */
function reads(clientId = partner.clientId): number {
  return aws.itemReads().filter((item) => item === `PARTNER#${clientId}`).length;
}

/** Returns true if https://example.com/ is a redirect URI of the partner. */
const isRegistered = () =>
  evaluateRecord(partner.clientId, (record) => record?.redirect_uris.includes('https://example.com/') || undefined);

/** Adds a second key to the partner. */
async function addKey(): Promise<string> {
  const { key, stored } = directory.issueKey(partner.clientId);
  await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: [...record.keys, stored] }));
  return key;
}

describe('a partner’s record', () => {
  test('is read once for concurrent calls', async () => {
    const partners = await many(100, logIn);
    expect(new Set(partners.map(({ clientId }) => clientId))).toEqual(new Set([partner.clientId]));
    expect(reads()).toBe(1);
  });

  test('is cached for a minute and then refreshed once', async () => {
    await logIn();
    advance(59.9);
    await many(20, logIn);
    expect(reads()).toBe(1);
    advance(0.2);
    await many(20, logIn);
    expect(reads()).toBe(1);
  });

  test('is refreshed when the clock was set back', async () => {
    await logIn();
    advance(-10);
    await logIn();
    expect(reads()).toBe(2);
    advance(10);
  });
});

describe('a revocation is effective within a minute', () => {
  test('a revoked key', async () => {
    const second = await addKey();
    await logIn();
    await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: record.keys.slice(1) }));
    advance(60);
    await expect(logIn()).rejects.toEqual(invalidClient);
    expect(await logIn(second)).toMatchObject({ clientId: partner.clientId });
  });

  test('a disabled partner whose key is in continuous use', async () => {
    await logIn();
    await change({ status: 'disabled' });
    const outcomes: boolean[] = [];
    for (let second = 1; second <= 60; second++) {
      advance(1);
      outcomes.push(
        await logIn().then(
          () => true,
          () => false,
        ),
      );
    }
    expect(outcomes.at(-1)).toBe(false);
    // After the first rejection, all others follow.
    expect(outcomes.lastIndexOf(true)).toBeLessThan(outcomes.indexOf(false));
  });

  test('a grant', async () => {
    await change({ grants: ['users:all'] });
    const known = await logIn();
    const isGranted = () => known.allows((grants) => grants.includes('users:all'));
    expect(await isGranted()).toBe(true);
    await change({ grants: [] });
    advance(60);
    expect(await isGranted()).toBe(false);
  });

  test('a redirect URI', async () => {
    await change({ redirect_uris: ['https://example.com/'] });
    expect(await isRegistered()).toBe(true);
    await change({ redirect_uris: [] });
    advance(60);
    expect(await isRegistered()).toBeUndefined();
  });
});

describe('an addition is effective at once, also after a rejection', () => {
  test('a new key', async () => {
    await logIn();
    const { key, stored } = directory.issueKey(partner.clientId);
    await expect(logIn(key)).rejects.toEqual(invalidClient);
    await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: [...record.keys, stored] }));
    expect(await logIn(key)).toMatchObject({ clientId: partner.clientId });
  });

  test('a partner that is enabled again', async () => {
    await change({ status: 'disabled' });
    await expect(logIn()).rejects.toEqual(invalidClient);
    await change({ status: 'active' });
    expect(await logIn()).toMatchObject({ clientId: partner.clientId });
  });

  test('a grant', async () => {
    const known = await logIn();
    const isGranted = () => known.allows((grants) => grants.includes('users:all'));
    expect(await isGranted()).toBe(false);
    await change({ grants: ['users:all'] });
    expect(await isGranted()).toBe(true);
  });

  test('a redirect URI', async () => {
    await logIn();
    expect(await isRegistered()).toBeUndefined();
    await change({ redirect_uris: ['https://example.com/'] });
    expect(await isRegistered()).toBe(true);
  });
});

describe('repeated rejections', () => {
  test('refresh the record three times, then once per second', async () => {
    const wrong = makeKey(partner.clientId);
    const flood = async () => {
      for (let call = 0; call < 50; call++) await expect(logIn(wrong)).rejects.toEqual(invalidClient);
    };
    await flood();
    expect(reads()).toBe(3);
    for (let second = 0; second < 10; second++) {
      advance(1);
      await flood();
      expect(reads()).toBe(1);
    }
  });

  test('refresh the record once for concurrent calls', async () => {
    await logIn();
    expect(reads()).toBe(1);
    const wrong = makeKey(partner.clientId);
    advance(5);
    await expect(Promise.all(Array.from({ length: 100 }, () => logIn(wrong)))).rejects.toEqual(invalidClient);
    expect(reads()).toBe(1);
  });

  test('do not affect the partner’s valid key', async () => {
    const wrong = makeKey(partner.clientId);
    for (let call = 0; call < 50; call++) await logIn(wrong).catch(() => undefined);
    expect(await logIn()).toMatchObject({ clientId: partner.clientId });
  });

  test('of keys of an unknown partner are limited in the same way', async () => {
    const unknown = makeKey('99999999');
    for (let call = 0; call < 50; call++) await expect(logIn(unknown)).rejects.toEqual(invalidClient);
    expect(reads('99999999')).toBe(3);
  });

  test('of malformed keys read nothing', async () => {
    for (let call = 0; call < 50; call++)
      await expect(authenticate('bearer_key', undefined)).rejects.toEqual(invalidClient);
    expect(aws.itemReads()).toEqual([]);
  });
});

/** Runs `during` while the table is unreachable. */
async function withOutage<T>(during: () => Promise<T>): Promise<T> {
  aws.fault = unreachable;
  return during().finally(() => {
    aws.fault = noFault;
  });
}

describe('while the table cannot be read', () => {
  const unavailable = expect.objectContaining({ name: 'GatewayError', code: 'unavailable' }) as Error;

  test('a cached record is used for the rest of the minute, and other calls throw unavailable', async () => {
    await logIn();
    await withOutage(async () => {
      advance(59);
      expect(await logIn()).toMatchObject({ clientId: partner.clientId });
      await expect(logIn(makeKey(partner.clientId))).rejects.toEqual(unavailable);
      advance(1);
      await expect(logIn()).rejects.toEqual(unavailable);
    });
    expect(await logIn()).toMatchObject({ clientId: partner.clientId });
  });

  test('a missing grant throws unavailable', async () => {
    const known = await logIn();
    advance(2);
    await withOutage(() => expect(known.allows((grants) => grants.includes('users:all'))).rejects.toEqual(unavailable));
  });
});
