import { DescribeSecretCommand, InvalidRequestException, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { env } from '#lib/config/env.ts';
import { secretNames } from '#lib/config/names.ts';
import { readStoredCertificate } from '#lib/jobs/certificates.ts';
import type { SecretName } from '#lib/operations/table.ts';
import {
  changePartner,
  createPartner,
  issueKey,
  listPartners,
  listUsers,
  readKeyUse,
} from '#lib/partners/directory.ts';
import { partnerNameProblem, grantForms, isGrant, redirectUriProblem } from '#lib/partners/settings.ts';
import { mostKeys } from '#lib/partner-key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { listVersions, readVersion, versionInUse } from '#lib/rotation/secret-versions.ts';
import { manageTokenExpiry } from '#lib/secrets/values.ts';
import { runJob } from '../jobs.ts';
import { ConsoleError } from './http.ts';
import type { CertificateView, NewKey, PartnerView, SecretView } from './wire.ts';

// The data of the page's panels, and the operator's actions. Throws the errors of Secrets Manager and DynamoDB.

/** Returns every secret without its values. */
export function readSecrets(): Promise<SecretView[]> {
  return Promise.all(secretNames.map(readSecret));
}

/** Starts a rotation. Throws ConsoleError when the secret has no rotation function, or is being rotated. */
export async function rotateSecret(name: string): Promise<{ version: string }> {
  const known = secretNames.find((each) => each === name);
  if (known === undefined) throw new ConsoleError(404, 'There is no such secret.');
  try {
    const { VersionId = '' } = await secretsManager.send(new RotateSecretCommand({ SecretId: env.secretId(known) }));
    return { version: VersionId };
  } catch (error) {
    // The request has no value that the message could quote.
    if (error instanceof InvalidRequestException) throw new ConsoleError(409, error.message);
    throw error;
  }
}

async function readSecret(name: SecretName): Promise<SecretView> {
  const SecretId = env.secretId(name);
  const [described, versions] = await Promise.all([
    secretsManager.send(new DescribeSecretCommand({ SecretId })),
    listVersions(SecretId),
  ]);
  const inUse = versionInUse(versions);
  return {
    name,
    fullName: SecretId,
    versions,
    rotates: described.RotationLambdaARN !== undefined,
    nextRotationAt: described.NextRotationDate?.getTime(),
    lastRotatedAt: described.LastRotatedDate?.getTime(),
    ...(name === 'manage-token' && inUse && { expiresAt: manageTokenExpiry(await readVersion(SecretId, inUse.id)) }),
  };
}

/** Returns the cached certificate of each type. */
export function readCertificates(): Promise<CertificateView[]> {
  return Promise.all(env.certificateTypes().map(readCertificate));
}

/** Fetches all certificates now. Throws ConsoleError. */
export async function fetchCertificates(): Promise<void> {
  await runJob('fetch-certificates').catch(() => {
    throw new ConsoleError(502, 'The certificates could not be fetched. The job’s log line has the cause.');
  });
}

async function readCertificate(type: string): Promise<CertificateView> {
  const { certificate, changed_at, confirmed_at, checked_at } = (await readStoredCertificate(type)) ?? {};
  return {
    type,
    id: certificate?.id == null ? undefined : String(certificate.id),
    created: certificate?.created ?? undefined,
    changedAt: epoch(changed_at),
    confirmedAt: epoch(confirmed_at),
    checkedAt: epoch(checked_at),
  };
}

const epoch = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time));

/** The number of a partner's users that are shown. */
const maxUsers = 100;

/** Returns every partner, newest first. */
export async function readPartners(): Promise<PartnerView[]> {
  const records = await all(listPartners());
  const views = await Promise.all(records.map(partnerView));
  return views.toSorted((one, other) => other.created - one.created);
}

const texts = v.pipe(v.array(v.pipe(v.string(), v.maxLength(2048))), v.maxLength(20));
const newPartnerBody = v.object({
  name: v.pipe(v.string(), v.trim()),
  redirect_uris: v.optional(texts, []),
  grants: v.optional(texts, []),
});

/** Creates a partner and returns its key, which is not stored. Throws ConsoleError for invalid values. */
export async function newPartner(body: unknown): Promise<NewKey> {
  const parsed = v.safeParse(newPartnerBody, body);
  if (!parsed.success) throw new ConsoleError(400, parsed.issues[0].message);
  const { name, redirect_uris: redirectUris, grants } = parsed.output;
  const problem = [partnerNameProblem(name), ...redirectUris.map(redirectUriProblem)].find(
    (each) => each !== undefined,
  );
  if (problem !== undefined) throw new ConsoleError(400, problem);
  if (!grants.every(isGrant)) throw new ConsoleError(400, `A grant is one of ${grantForms.join(', ')}.`);
  const { record, key } = await createPartner({ name, redirectUris, grants });
  return newKeyOf(record, key);
}

/** Adds a second key. Throws ConsoleError for an unknown partner, and for one with two keys. */
export async function newKey(clientId: string): Promise<NewKey> {
  const { key, stored } = issueKey(clientId);
  const record = await changeExisting(clientId, (before) => {
    if (before.keys.length < mostKeys) return { ...before, keys: [...before.keys, stored] };
    throw new ConsoleError(409, 'The partner has two keys already. Retire the unused one first.');
  });
  return newKeyOf(record, key);
}

/** Deletes one of two keys; it is rejected within a minute. Throws ConsoleError for an unknown key, and for the only one. */
export async function retireKey(clientId: string, keyId: string): Promise<void> {
  await changeExisting(clientId, (before) => {
    const keys = before.keys.filter(({ id }) => id !== keyId);
    if (keys.length === before.keys.length) throw new ConsoleError(404, 'The partner has no such key.');
    if (keys.length === 0) throw new ConsoleError(409, 'This is the partner’s only key. Add another one first.');
    return { ...before, keys };
  });
}

async function changeExisting(
  clientId: string,
  change: (record: PartnerRecord) => PartnerRecord,
): Promise<PartnerRecord> {
  const record = await changePartner(clientId, change);
  if (record === undefined) throw new ConsoleError(404, 'There is no such partner.');
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
    users: users.slice(0, maxUsers),
    userCount: users.length,
  };
}

function newKeyOf({ client_id, name, keys }: PartnerRecord, key: string): NewKey {
  return { client_id, client_secret: key, key_id: keys.at(-1)?.id ?? '', name };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}
