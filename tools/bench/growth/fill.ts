import { randomBytes } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import { ClassicLevel } from 'classic-level';
import store, { type TableDescription } from 'dynalite/db/index.js';
import { hashKey, keyId, makeKey } from '#lib/partners/key.ts';

/** A partner who will call, and one of its users. */
export interface TableCaller {
  key: string;
  user: string;
}

/** How much is in the table. */
export interface TableSize {
  partners: number;
  users: number;
}

const batchSize = 4_000;
const created = '2026-01-01T00:00:00.000Z';
const clientId = (index: number): string => String(20_000_000 + index);
const userId = (index: number): string => String(1_000_000 + index);

/**
 * Writes partners and their users, with what the indexes have of them, straight into the folder of a table that exists and that nobody has open,
 * as dynalite itself would; one by one through it, a million take an hour. Gives some of the partners.
 */
export async function fillTable(
  folder: string,
  tableName: string,
  { partners, users }: TableSize,
  callers: number,
): Promise<TableCaller[]> {
  const level = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json', writeBufferSize: 64 * 2 ** 20 });
  await level.open();
  const table = (await level.get(`table~${tableName}`)) as TableDescription; // Dynalite's own.
  let batch: { type: 'put'; key: string; value: unknown }[] = [];
  const put = async (item: Record<string, unknown>): Promise<void> => {
    const attributes = marshall(item);
    batch.push({ type: 'put', key: `item-${tableName}~${store.createKey(attributes, table)}`, value: attributes });
    const { puts } = store.getIndexActions(table.GlobalSecondaryIndexes, undefined, attributes, table);
    for (const { index, key, item: projected } of puts) {
      batch.push({ type: 'put', key: `index-global~${tableName}~${index}~${key}`, value: projected });
    }
    if (batch.length >= batchSize) await flush();
  };
  const flush = async (): Promise<void> => {
    await level.batch(batch);
    batch = [];
  };

  const known: TableCaller[] = [];
  for (let index = 0; index < partners; index += 1) {
    const key = index < callers ? makeKey(clientId(index)) : undefined;
    if (key !== undefined) known.push({ key, user: userId(index) });
    await put(partnerItem(clientId(index), key === undefined ? randomBytes(32).toString('hex') : hashKey(key)));
  }
  for (let index = 0; index < users; index += 1) {
    await put({ pk: `USER#${userId(index)}`, owner: clientId(index % partners), recorded: created });
  }
  await flush();
  // What LevelDB would put off goes on while calls are measured.
  await level.compactRange('', '\uffff');
  await level.close();
  return known;
}

function partnerItem(client_id: string, hash: string): Record<string, unknown> {
  return {
    pk: `PARTNER#${client_id}`,
    listed: 'partner',
    client_id,
    name: `Partner ${client_id}`,
    status: 'active',
    keys: [{ id: keyId(hash), hash, created }],
    redirect_uris: [`https://${client_id}.example/callback`],
    grants: [],
    created,
    revision: 1,
  };
}
