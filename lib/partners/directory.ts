import { type AttributeValue, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { dynamodb } from '../aws/sdk-dynamodb.ts';
import { asItem, ConditionFailed, type Item, table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { keyUseItem } from './authenticate.ts';
import { hashKey, keyId, makeClientId, makeKey } from '../partner-key.ts';
import { partnerItem, partnerRecord, type PartnerRecord, readPartner } from './record.ts';

// Partner management for operators. Functions that serve requests do not load this module.

/** The sparse index of all partners; hash key `listed`. */
export const partnersIndex = { name: 'partners', key: 'listed', value: 'partner' } as const;
/** The sparse index of a partner's users; hash key `owner`. */
export const usersIndex = { name: 'users', key: 'owner' } as const;

/** A partner and its newest key. The key itself is not stored and can be printed only once. */
export interface IssuedKey {
  record: PartnerRecord;
  key: string;
}

/** The properties of a new partner. */
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
    // The id is taken, with a probability of one in ninety million.
    if (error instanceof ConditionFailed) return createPartner({ name, redirectUris, grants });
    throw error;
  }
  return { record, key: issued.key };
}

/** Returns a new key and its stored form. */
export function issueKey(clientId: string): { key: string; stored: PartnerRecord['keys'][number] } {
  const key = makeKey(clientId);
  const hash = hashKey(key);
  return { key, stored: { id: keyId(hash), hash, created: timestamp() } };
}

/**
 * Updates a partner. `change` receives the current record and returns the new one, or throws to leave it unchanged; it is called again after a
 * concurrent update. Returns the new record, or undefined when the partner does not exist.
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

/** Returns all partners, ordered by id. */
export async function* listPartners(): AsyncGenerator<PartnerRecord> {
  for await (const entry of query(partnersIndex.name, partnersIndex.key, partnersIndex.value)) {
    yield v.parse(partnerRecord(), entry);
  }
}

/** A user of a partner. */
export interface OwnedUser {
  id: string;
  /** When a temporary user expires, in milliseconds since the epoch. */
  expiresAt?: number;
}

/** Returns a partner's users, without expired temporary users. */
export async function* listUsers(clientId: string): AsyncGenerator<OwnedUser> {
  for await (const { pk, temporary_until } of query(usersIndex.name, usersIndex.key, clientId)) {
    const id = pk.slice('USER#'.length);
    if (typeof temporary_until !== 'number') yield { id };
    else if (temporary_until * 1000 > now()) yield { id, expiresAt: temporary_until * 1000 };
  }
}

/** Returns the number of a partner's users, without expired temporary users. */
export async function countUsers(clientId: string): Promise<number> {
  let users = 0;
  for await (const _ of listUsers(clientId)) users += 1;
  return users;
}

/** Returns the day of each key's last use, by key id. */
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
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamodb.send(
      new QueryCommand({
        TableName: env.tableName(),
        IndexName: index,
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': key },
        ExpressionAttributeValues: marshall({ ':value': value }),
        ExclusiveStartKey: startKey,
      }),
    );
    for (const entry of page.Items ?? []) yield asItem(entry);
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
}
