import * as v from 'valibot';
import {
  changePartner,
  createPartner,
  issueKey,
  listPartners,
  listUsers,
  readKeyUse,
} from '#lib/partners/directory.ts';
import { partnerNameProblem, grantForms, isGrant, redirectUriProblem } from '#lib/partners/settings.ts';
import { mostKeys } from '#lib/partners/key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { ConsoleRefusal } from '../refusal.ts';
import type { PartnerView, ShownKey } from '../wire.ts';

/** So many of a partner's users are shown. */
const mostUsers = 100;

/** Every partner, the newest first. Throws the table's errors. */
export async function readPartners(): Promise<PartnerView[]> {
  const records = await all(listPartners());
  const views = await Promise.all(records.map(partnerView));
  return views.toSorted((one, other) => other.created - one.created);
}

/** Makes a partner; its key is in the answer and nowhere else. Throws ConsoleRefusal for values that no partner can have. */
export async function newPartner(body: unknown): Promise<ShownKey> {
  const { name, redirect_uris: redirectUris, grants } = read(newPartnerBody, body);
  const fault = [partnerNameProblem(name), ...redirectUris.map(redirectUriProblem)].find((each) => each !== undefined);
  if (fault !== undefined) throw new ConsoleRefusal(400, fault);
  if (!grants.every(isGrant)) throw new ConsoleRefusal(400, `A grant is one of ${grantForms.join(', ')}.`);
  const { record, key } = await createPartner({ name, redirectUris, grants });
  return shownKey(record, key);
}

/** Adds a second key. Throws ConsoleRefusal when there is no such partner, and when it has two. */
export async function newKey(clientId: string): Promise<ShownKey> {
  const { key, stored } = issueKey(clientId);
  const record = await changeKnown(clientId, (before) => {
    if (before.keys.length < mostKeys) return { ...before, keys: [...before.keys, stored] };
    throw new ConsoleRefusal(
      409,
      'The partner has two live keys already: retire the one that it does not use any more.',
    );
  });
  return shownKey(record, key);
}

/** Ends one of two keys, within a minute. Throws ConsoleRefusal when there is no such key, and when it is the only one. */
export async function retireKey(clientId: string, keyId: string): Promise<void> {
  await changeKnown(clientId, (before) => {
    const keys = before.keys.filter(({ id }) => id !== keyId);
    if (keys.length === before.keys.length) throw new ConsoleRefusal(404, 'The partner has no such key.');
    if (keys.length === 0) throw new ConsoleRefusal(409, 'This is the partner’s only key: add another first.');
    return { ...before, keys };
  });
}

const texts = v.pipe(v.array(v.pipe(v.string(), v.maxLength(2048))), v.maxLength(20));
const newPartnerBody = v.object({
  name: v.pipe(v.string(), v.trim()),
  redirect_uris: v.optional(texts, []),
  grants: v.optional(texts, []),
});

function read<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  throw new ConsoleRefusal(400, parsed.issues[0].message);
}

async function changeKnown(clientId: string, change: (record: PartnerRecord) => PartnerRecord): Promise<PartnerRecord> {
  const record = await changePartner(clientId, change);
  if (record === undefined) throw new ConsoleRefusal(404, 'There is no such partner.');
  return record;
}

async function partnerView({ keys, ...record }: PartnerRecord): Promise<PartnerView> {
  const { client_id, name, status, created, redirect_uris, grants } = record;
  const [lastUsed, users] = await Promise.all([readKeyUse(client_id), all(listUsers(client_id))]);
  return {
    client_id,
    name,
    status,
    created: Date.parse(created),
    keys: keys.map((key) => ({ id: key.id, created: Date.parse(key.created), lastUsed: lastUsed[key.id] })),
    redirect_uris,
    grants,
    users: users.slice(0, mostUsers),
    userCount: users.length,
  };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

function shownKey({ client_id, name, keys }: PartnerRecord, key: string): ShownKey {
  return { client_id, client_secret: key, key_id: keys.at(-1)?.id ?? '', name };
}
