import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import type { Partner } from '#lib/operations/call.ts';
import type { authenticatePartner, evaluate } from '#lib/partners/authenticate.ts';
import type * as Directory from '#lib/partners/directory.ts';
import { makeKey, readKey } from '#lib/partners/key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { startTestAws, type TestAws } from '../aws.ts';

let aws: TestAws;
let directory: typeof Directory;
let authenticate: typeof authenticatePartner;
let judgeRecord: typeof evaluate;
let partner: { clientId: string; key: string };

beforeAll(async () => {
  aws = await startTestAws();
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  // Only now: the AWS client takes its endpoint from the environment.
  directory = await import('#lib/partners/directory.ts');
  ({ authenticatePartner: authenticate, evaluate: judgeRecord } = await import('#lib/partners/authenticate.ts'));
  const { createTable } = await import('#local/table.ts');
  await createTable();
  // Time goes on when a test says so, and never back.
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
const refused = expect.objectContaining({ name: 'GatewayError', code: 'invalidClient' }) as Error;

/** How often this partner's record was read since the last time. */
function reads(clientId = partner.clientId): number {
  return aws.itemReads().filter((item) => item === `PARTNER#${clientId}`).length;
}

/** Whether https://example.com/ is one of the partner's redirect URIs. */
const isRegistered = () =>
  judgeRecord(partner.clientId, (record) => record?.redirect_uris.includes('https://example.com/') || undefined);

/** A second key of the partner. */
async function addKey(): Promise<string> {
  const { key, stored } = directory.issueKey(partner.clientId);
  await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: [...record.keys, stored] }));
  return key;
}

describe('a partner’s record', () => {
  test('is read once for all who come at the same time', async () => {
    const partners = await many(100, logIn);
    expect(new Set(partners.map(({ clientId }) => clientId))).toEqual(new Set([partner.clientId]));
    expect(reads()).toBe(1);
  });

  test('serves for a minute and is read once then', async () => {
    await logIn();
    advance(59.9);
    await many(20, logIn);
    expect(reads()).toBe(1);
    advance(0.2);
    await many(20, logIn);
    expect(reads()).toBe(1);
  });

  test('is looked at anew when the clock was set back', async () => {
    await logIn();
    advance(-10);
    await logIn();
    expect(reads()).toBe(2);
    advance(10);
  });
});

describe('what an operator takes away is gone within a minute', () => {
  test('a revoked key', async () => {
    const second = await addKey();
    await logIn();
    await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: record.keys.slice(1) }));
    advance(60);
    await expect(logIn()).rejects.toEqual(refused);
    expect(await logIn(second)).toMatchObject({ clientId: partner.clientId });
  });

  test('a disabled partner, while its key is in use without a pause', async () => {
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
    // Once it is refused, it stays so.
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

describe('what an operator gives works at once, even to someone who was refused a moment ago', () => {
  test('a new key', async () => {
    await logIn();
    const { key, stored } = directory.issueKey(partner.clientId);
    await expect(logIn(key)).rejects.toEqual(refused);
    await directory.changePartner(partner.clientId, (record) => ({ ...record, keys: [...record.keys, stored] }));
    expect(await logIn(key)).toMatchObject({ clientId: partner.clientId });
  });

  test('a partner that is enabled again', async () => {
    await change({ status: 'disabled' });
    await expect(logIn()).rejects.toEqual(refused);
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

describe('a flood of refusals', () => {
  test('reads three times, and once a second from then on', async () => {
    const wrong = makeKey(partner.clientId);
    const flood = async () => {
      for (let call = 0; call < 50; call++) await expect(logIn(wrong)).rejects.toEqual(refused);
    };
    await flood();
    expect(reads()).toBe(3);
    for (let second = 0; second < 10; second++) {
      advance(1);
      await flood();
      expect(reads()).toBe(1);
    }
  });

  test('reads once for all who are refused at the same time', async () => {
    await logIn();
    expect(reads()).toBe(1);
    const wrong = makeKey(partner.clientId);
    advance(5);
    await expect(Promise.all(Array.from({ length: 100 }, () => logIn(wrong)))).rejects.toEqual(refused);
    expect(reads()).toBe(1);
  });

  test('does not keep the partner itself out', async () => {
    const wrong = makeKey(partner.clientId);
    for (let call = 0; call < 50; call++) await logIn(wrong).catch(() => undefined);
    expect(await logIn()).toMatchObject({ clientId: partner.clientId });
  });

  test('of keys of no partner reads as little', async () => {
    const stranger = makeKey('99999999');
    for (let call = 0; call < 50; call++) await expect(logIn(stranger)).rejects.toEqual(refused);
    expect(reads('99999999')).toBe(3);
  });

  test('of malformed keys reads nothing', async () => {
    for (let call = 0; call < 50; call++) await expect(authenticate('bearer_key', undefined)).rejects.toEqual(refused);
    expect(aws.itemReads()).toEqual([]);
  });
});

/** Breaks every connection to the table while `run` runs. */
async function down<T>(run: () => Promise<T>): Promise<T> {
  aws.tableDown = true;
  return run().finally(() => {
    aws.tableDown = false;
  });
}

describe('while the table cannot be read', () => {
  const unavailable = expect.objectContaining({ name: 'GatewayError', code: 'unavailable' }) as Error;

  test('who is known goes on for the rest of the minute, who is not is refused as “not now”', async () => {
    await logIn();
    await down(async () => {
      advance(59);
      expect(await logIn()).toMatchObject({ clientId: partner.clientId });
      await expect(logIn(makeKey(partner.clientId))).rejects.toEqual(unavailable);
      advance(1);
      await expect(logIn()).rejects.toEqual(unavailable);
    });
    expect(await logIn()).toMatchObject({ clientId: partner.clientId });
  });

  test('a grant is not taken for given', async () => {
    const known = await logIn();
    advance(2);
    await down(() => expect(known.allows((grants) => grants.includes('users:all'))).rejects.toEqual(unavailable));
  });
});
