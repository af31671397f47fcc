import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import type { authenticatePartner } from '#lib/partners/authenticate.ts';
import type * as Directory from '#lib/partners/directory.ts';
import { keyId, readKey } from '#lib/partner-key.ts';
import { noFault, startTestAws, unreachable, type TestAws } from '../aws.ts';

let aws: TestAws;
let directory: typeof Directory;
let authenticate: typeof authenticatePartner;
let putItem: (pk: string, fields: Record<string, unknown>) => Promise<void>;

beforeAll(async () => {
  aws = await startTestAws();
  useLocal({ secretsManager: aws.url, dynamodb: aws.url });
  // Imported here, as the AWS client takes its endpoint from the environment.
  directory = await import('#lib/partners/directory.ts');
  ({ authenticatePartner: authenticate } = await import('#lib/partners/authenticate.ts'));
  const { createTable } = await import('#local/table.ts');
  const { table } = await import('#lib/aws/table.ts');
  putItem = (pk, fields) => table.put({ pk, ...fields });
  await createTable();
});
afterAll(() => aws.close());
afterEach(() => {
  aws.fault = noFault;
  vi.useRealTimers();
});

const fail = () => {
  throw new Error('no');
};
const today = Date.UTC(2031, 0, 1, 12);
const newPartner = () => directory.createPartner({ name: 'A test partner' });

describe('the directory', () => {
  test('stores only the hash of a key, its id and its date', async () => {
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

  test('loses no concurrent change', async () => {
    const { record } = await newPartner();
    const grants = Array.from({ length: 6 }, (_, number) => `jwt:scope:s${number}`);
    await Promise.all(
      grants.map((grant) =>
        directory.changePartner(record.client_id, (current) => ({ ...current, grants: [...current.grants, grant] })),
      ),
    );
    const changed = await directory.changePartner(record.client_id, (current) => current);
    expect(changed?.grants.toSorted()).toEqual(grants.toSorted());
    expect(changed?.revision).toBe(8);
  });

  test('does not change a partner when the change throws, and returns undefined for an unknown one', async () => {
    const { record } = await newPartner();
    await expect(directory.changePartner(record.client_id, fail)).rejects.toThrow('no');
    expect(await directory.changePartner(record.client_id, (current) => current)).toMatchObject({ revision: 2 });
    expect(await directory.changePartner('99999999', fail)).toBeUndefined();
  });

  test('lists all partners once, over several pages', async () => {
    // A page is 1 MB.
    const redirectUris = Array.from({ length: 40 }, (_, number) => `https://example.com/${number}/${'a'.repeat(2000)}`);
    const created = await Promise.all(
      Array.from({ length: 20 }, () => directory.createPartner({ name: 'A long one', redirectUris })),
    );
    const ids: string[] = [];
    for await (const { client_id } of directory.listPartners()) ids.push(client_id);
    expect(ids).toEqual(expect.arrayContaining(created.map(({ record }) => record.client_id)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('counts a partner’s users, without expired ones', async () => {
    const [one, other] = await Promise.all([newPartner(), newPartner()]);
    const owner = one.record.client_id;
    await putItem('USER#1', { owner });
    await putItem('USER#2', { owner: other.record.client_id });
    await putItem('USER#3', { owner, temporary_until: Math.floor(Date.now() / 1000) + 60 });
    await putItem('USER#4', { owner, temporary_until: Math.floor(Date.now() / 1000) - 1 });
    expect(await directory.countUsers(owner)).toBe(2);
  });
});

/** Authenticates with a key, records its use and returns its id. */
async function use(...presented: Parameters<typeof authenticate>): Promise<string> {
  const partner = await authenticate(...presented);
  await partner.trackUse();
  return partner.keyId;
}

describe('the use of a key', () => {
  test('is recorded by day for each key', async () => {
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
    await directory.changePartner(record.client_id, (current) => ({ ...current, keys: [...current.keys, stored] }));
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2031-01-02', [stored.id]: '2031-01-02' });
  });

  test('keeps the latest day of all containers', async () => {
    const { record, key } = await newPartner();
    const id = keyId(readKey(key)?.hash ?? '');
    await putItem(`KEY_USE#${record.client_id}`, { [id]: '2999-01-01' });
    await use('bearer_key', readKey(key));
    expect(await directory.readKeyUse(record.client_id)).toEqual({ [id]: '2999-01-01' });
  });

  test('does not fail the call when it cannot be recorded, and is recorded the next day', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: today });
    const { record, key } = await newPartner();
    const { key: second, stored } = directory.issueKey(record.client_id);
    await directory.changePartner(record.client_id, (current) => ({ ...current, keys: [...current.keys, stored] }));
    // Caches the record with both keys.
    await use('bearer_key', readKey(key));
    aws.fault = unreachable;
    expect(await use('bearer_key', readKey(second))).toBe(stored.id);
    aws.fault = noFault;
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).not.toHaveProperty(stored.id);
    vi.setSystemTime(today + 86_400_000);
    await use('bearer_key', readKey(second));
    expect(await directory.readKeyUse(record.client_id)).toHaveProperty(stored.id, '2031-01-02');
  });
});
