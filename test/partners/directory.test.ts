import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import type { authenticatePartner } from '#lib/partners/authenticate.ts';
import type * as Directory from '#lib/partners/directory.ts';
import { keyId, readKey } from '#lib/partners/key.ts';
import { startTestAws, type TestAws } from '../aws.ts';

let aws: TestAws;
let directory: typeof Directory;
let authenticate: typeof authenticatePartner;
let putItem: (pk: string, fields: Record<string, unknown>) => Promise<void>;

beforeAll(async () => {
  aws = await startTestAws();
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  // Only now: the AWS client takes its endpoint from the environment.
  directory = await import('#lib/partners/directory.ts');
  ({ authenticatePartner: authenticate } = await import('#lib/partners/authenticate.ts'));
  const { createTable } = await import('#local/table.ts');
  const { table } = await import('#lib/aws/table.ts');
  putItem = (pk, fields) => table.put({ pk, ...fields });
  await createTable();
});
afterAll(() => aws.close());
afterEach(() => {
  aws.tableDown = false;
  vi.useRealTimers();
});

const refuse = () => {
  throw new Error('no');
};
const today = Date.UTC(2031, 0, 1, 12);
const newPartner = () => directory.createPartner({ name: 'A test partner' });

describe('the directory', () => {
  test('keeps of a key nothing but its hash and what may be shown', async () => {
    const { record, key } = await newPartner();
    expect(JSON.stringify(record)).not.toContain(key.slice(13));
    const { hash = '' } = readKey(key) ?? {};
    expect(record).toMatchObject({
      status: 'active',
      grants: [],
      redirect_uris: [],
      keys: [{ id: keyId(hash), hash }],
    });
  });

  test('loses none of many changes at the same time', async () => {
    const { record } = await newPartner();
    const grants = Array.from({ length: 6 }, (_, number) => `jwt:scope:s${number}`);
    await Promise.all(
      grants.map((grant) =>
        directory.changePartner(record.client_id, (found) => ({ ...found, grants: [...found.grants, grant] })),
      ),
    );
    const changed = await directory.changePartner(record.client_id, (found) => found);
    expect(changed?.grants.toSorted()).toEqual(grants.toSorted());
    expect(changed?.revision).toBe(8);
  });

  test('leaves a partner as it is when the change throws, and knows who does not exist', async () => {
    const { record } = await newPartner();
    await expect(directory.changePartner(record.client_id, refuse)).rejects.toThrow('no');
    expect(await directory.changePartner(record.client_id, (found) => found)).toMatchObject({ revision: 2 });
    expect(await directory.changePartner('99999999', refuse)).toBeUndefined();
  });

  test('lists everyone once, over as many pages as it takes', async () => {
    // 1 MB is a page.
    const redirectUris = Array.from({ length: 40 }, (_, number) => `https://example.com/${number}/${'a'.repeat(2000)}`);
    const made = await Promise.all(
      Array.from({ length: 20 }, () => directory.createPartner({ name: 'A long one', redirectUris })),
    );
    const ids: string[] = [];
    for await (const { client_id } of directory.listPartners()) ids.push(client_id);
    expect(ids).toEqual(expect.arrayContaining(made.map(({ record }) => record.client_id)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('counts one partner’s users, without those that have expired', async () => {
    const [one, other] = await Promise.all([newPartner(), newPartner()]);
    const owner = one.record.client_id;
    await putItem('USER#1', { owner });
    await putItem('USER#2', { owner: other.record.client_id });
    await putItem('USER#3', { owner, temporary_until: Math.floor(Date.now() / 1000) + 60 });
    await putItem('USER#4', { owner, temporary_until: Math.floor(Date.now() / 1000) - 1 });
    expect(await directory.countUsers(owner)).toBe(2);
  });
});

/** Presents a key, whose use is noted, and gives its id. */
async function use(...presented: Parameters<typeof authenticate>): Promise<string> {
  const partner = await authenticate(...presented);
  await partner.trackUse();
  return partner.keyId;
}

describe('the use of a key', () => {
  test('is noted by day, for each key by itself', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: today });
    const { record, key } = await newPartner();
    const presented = readKey(key);
    expect(await directory.readKeyUse(record.client_id)).toEqual({});
    const id = await use('bearer_key', presented);
    await use('client', presented);
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2031-01-01' });
    vi.setSystemTime(today + 86_400_000);
    await use('bearer_key', presented);
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2031-01-02' });
    const { key: second, stored } = directory.issueKey(record.client_id);
    await directory.changePartner(record.client_id, (found) => ({ ...found, keys: [...found.keys, stored] }));
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2031-01-02', [stored.id]: '2031-01-02' });
  });

  test('goes by the latest day, whichever container saw it', async () => {
    const { record, key } = await newPartner();
    const id = keyId(readKey(key)?.hash ?? '');
    await putItem(`KEY_USE#${record.client_id}`, { [id]: '2999-01-01' });
    await use('bearer_key', readKey(key));
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2999-01-01' });
  });

  test('keeps nobody out and is tried once when it cannot be noted, and is noted the next day', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: today });
    const { record, key } = await newPartner();
    const { key: second, stored } = directory.issueKey(record.client_id);
    await directory.changePartner(record.client_id, (found) => ({ ...found, keys: [...found.keys, stored] }));
    // From here on the record is known, with both keys.
    await use('bearer_key', readKey(key));
    aws.tableDown = true;
    expect(await use('bearer_key', readKey(second))).toBe(stored.id);
    aws.tableDown = false;
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).not.toHaveProperty(stored.id);
    vi.setSystemTime(today + 86_400_000);
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).toHaveProperty(stored.id, '2031-01-02');
  });
});
