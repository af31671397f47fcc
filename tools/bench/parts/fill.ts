import { randomBytes } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import { ClassicLevel } from 'classic-level';
import store, { type TableDescription } from 'dynalite/db/index.js';
import { hashKey, keyId, makeKey } from '#lib/partner-key.ts';

/** A partner's key, and one of its users. */
export interface TableCaller {
  key: string;
  user: string;
}

/** The contents of a table. */
export interface TableSize {
  partners: number;
  users: number;
}

const batchSize = 4_000;
const created = '2026-01-01T00:00:00.000Z';
const clientId = (index: number): string => String(20_000_000 + index);
const userId = (index: number): string => String(1_000_000 + index);

/**
 * Writes partners, their users and the index entries into the folder of an existing, closed table, in dynalite's format: a million writes through
 * dynalite take an hour. Returns some of the partners.
 */
export async function fillTable(
  folder: string,
  tableName: string,
  { partners, users }: TableSize,
  callers: number,
): Promise<TableCaller[]> {
  const level = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json', writeBufferSize: 64 * 2 ** 20 });
  await level.open();
  const table = (await level.get(`table~${tableName}`)) as TableDescription; // dynalite's format.
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

  const written: TableCaller[] = [];
  for (let index = 0; index < partners; index += 1) {
    const key = index < callers ? makeKey(clientId(index)) : undefined;
    if (key !== undefined) written.push({ key, user: userId(index) });
    await put(partnerItem(clientId(index), key === undefined ? randomBytes(32).toString('hex') : hashKey(key)));
  }
  for (let index = 0; index < users; index += 1) {
    await put({ pk: `USER#${userId(index)}`, owner: clientId(index % partners), recorded: created });
  }
  await flush();
  // LevelDB would compact during the measurement.
  await level.compactRange('', '\uffff');
  await level.close();
  return written;
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
