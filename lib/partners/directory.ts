import { type AttributeValue, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { dynamodb } from '../aws/sdk-dynamodb.ts';
import { asItem, ConditionFailed, type Item, table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { keyUseItem } from './authenticate.ts';
import { hashKey, keyId, makeClientId, makeKey } from './key.ts';
import { partnerItem, partnerRecord, type PartnerRecord, readPartner } from './record.ts';

// What operators do with partners. No function that serves requests loads this.

/** The sparse index that lists the partners, by its hash key `listed`. */
export const partnersIndex = { name: 'partners', key: 'listed', value: 'partner' } as const;
/** The sparse index that lists one partner's users, by its hash key `owner`. */
export const usersIndex = { name: 'users', key: 'owner' } as const;

/** A partner and its newest key, which is shown once and never again. */
export interface IssuedKey {
  record: PartnerRecord;
  key: string;
}

/** What a new partner starts with. */
export interface NewPartner {
  name: string;
  redirectUris?: readonly string[];
  grants?: readonly string[];
}

/** Creates a partner with its first key. Throws the table's errors. */
export async function createPartner({ name, redirectUris = [], grants = [] }: NewPartner): Promise<IssuedKey> {
  const client_id = makeClientId();
  const issued = issueKey(client_id);
  const record: PartnerRecord = {
    client_id,
    name,
    status: 'active',
    keys: [issued.stored],
    redirect_uris: [...redirectUris],
    grants: [...grants],
    created: timestamp(),
    revision: 1,
  };
  try {
    await table.put(item(record), { text: 'attribute_not_exists(pk)' });
  } catch (error) {
    // One in ninety million: the id is taken.
    if (error instanceof ConditionFailed) return createPartner({ name, redirectUris, grants });
    throw error;
  }
  return { record, key: issued.key };
}

/** Makes a key and what is stored of it. */
export function issueKey(clientId: string): { key: string; stored: PartnerRecord['keys'][number] } {
  const key = makeKey(clientId);
  const hash = hashKey(key);
  return { key, stored: { id: keyId(hash), hash, created: timestamp() } };
}

/**
 * Changes a partner: `change` gets the record as it is and gives it as it should be, or throws to leave it. Gives the changed record,
 * undefined when there is no such partner.
 */
export async function changePartner(
  clientId: string,
  change: (record: PartnerRecord) => PartnerRecord,
): Promise<PartnerRecord | undefined> {
  for (;;) {
    const record = await readPartner(clientId);
    if (record === undefined) return undefined;
    const changed = { ...change(record), revision: record.revision + 1 };
    try {
      await table.put(item(changed), { text: 'revision = :revision', values: { ':revision': record.revision } });
      return changed;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

/** All partners, in the order of their ids. */
export async function* listPartners(): AsyncGenerator<PartnerRecord> {
  for await (const found of query(partnersIndex.name, partnersIndex.key, partnersIndex.value)) {
    yield v.parse(partnerRecord(), found);
  }
}

/** A user of a partner. */
export interface OwnedUser {
  id: string;
  /** When a temporary one vanishes, in milliseconds since the epoch. */
  expiresAt?: number;
}

/** A partner's users, temporary ones that have expired left out. */
export async function* listUsers(clientId: string): AsyncGenerator<OwnedUser> {
  for await (const { pk, temporary_until } of query(usersIndex.name, usersIndex.key, clientId)) {
    const id = pk.slice('USER#'.length);
    if (typeof temporary_until !== 'number') yield { id };
    else if (temporary_until * 1000 > now()) yield { id, expiresAt: temporary_until * 1000 };
  }
}

/** How many users a partner has, temporary ones that have expired left out. */
export async function countUsers(clientId: string): Promise<number> {
  let users = 0;
  for await (const _ of listUsers(clientId)) users += 1;
  return users;
}

/** The day of each key's last use, by key id. */
export async function readKeyUse(clientId: string): Promise<Readonly<Record<string, string>>> {
  const { pk: _, ...days } = (await table.get(keyUseItem(clientId))) ?? { pk: '' };
  return Object.fromEntries(Object.entries(days).map(([key, day]) => [key, String(day)]));
}

function item(record: PartnerRecord): Item {
  return { pk: partnerItem(record.client_id), [partnersIndex.key]: partnersIndex.value, ...record };
}

function timestamp(): string {
  return new Date(now()).toISOString();
}

async function* query(index: string, key: string, value: string): AsyncGenerator<Item> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamodb.send(
      new QueryCommand({
        TableName: env.tableName(),
        IndexName: index,
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': key },
        ExpressionAttributeValues: marshall({ ':value': value }),
        ExclusiveStartKey: from,
      }),
    );
    for (const found of page.Items ?? []) yield asItem(found);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
