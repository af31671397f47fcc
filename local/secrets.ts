import { randomBytes, randomInt } from 'node:crypto';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { env } from '#lib/config/env.ts';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { acceptsManageToken, manageTokenMinutes, mintManageToken } from '#lib/rotation/manage-token.ts';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { describeSecret, withdrawPending, versionWith } from '#lib/rotation/secret-versions.ts';
import { makeSealingKey, type SealingKeys } from '#lib/webauth/state.ts';
import type { ContractOptions } from './sandbox/state/contract.ts';

/** Creates the missing secrets of the stack, and returns the contract's credentials, which the sandbox verifies. */
export async function prepareContract(): Promise<ContractOptions> {
  const [client, admin] = await Promise.all([
    readOrCreateSecret('client-credentials', (): { client_id: number | string; client_secret: string } => ({
      client_id: randomInt(10_000_000, 100_000_000),
      client_secret: randomBytes(36).toString('base64url'),
    })),
    readOrCreateSecret('admin-token', () => ({ token: randomBytes(72).toString('base64url') })),
    readOrCreateSecret('sealing-keys', (): SealingKeys => ({ next: makeSealingKey(), current: makeSealingKey() })),
    createSecret('manage-token'),
  ]);
  return { client: { ...client, client_id: Number(client.client_id) }, adminToken: admin.token };
}

/** Mints a manage JWT unless the stored one is valid. Throws the client's errors when upstream rejects the admin token. */
export async function prepareManageToken(budgea: string, adminToken: string): Promise<void> {
  const client = (token: string) =>
    new AuthenticationApi(new Configuration({ basePath: budgea, apiKey: token, apiKeyPrefix: 'Bearer' }));
  const stored = await readSecret<ManageToken>('manage-token');
  const halfLife = Date.now() / 1000 + (manageTokenMinutes() * 60) / 2;
  const usable =
    stored !== undefined && stored.expires_at > halfLife && (await acceptsManageToken(client(stored.jwt_token)));
  if (usable) return;
  const minted = await mintManageToken(client(adminToken), { scope: env.manageScope(), minutes: manageTokenMinutes() });
  await writeSecret('manage-token', minted);
  await withdrawRotation('manage-token');
}

/** Removes AWSPENDING from a version that is not current: the next rotation would continue with that version. */
async function withdrawRotation(name: SecretName): Promise<void> {
  const secret = await describeSecret(secretFullName('local', name));
  const pending = versionWith(secret, 'AWSPENDING');
  if (pending === undefined || pending === versionWith(secret, 'AWSCURRENT')) return;
  await withdrawPending(secret.arn, pending);
}

/** Returns the current value of a local secret, parsed; undefined if there is none. The caller states its type. */
export async function readSecret<T>(name: SecretName): Promise<T | undefined> {
  try {
    const command = new GetSecretValueCommand({ SecretId: secretFullName('local', name) });
    const { SecretString = 'null' } = await secretsManager.send(command);
    return JSON.parse(SecretString) as T;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Stores the current value of a local secret, which is created if missing. */
export async function writeSecret(name: SecretName, value: unknown): Promise<void> {
  const SecretString = JSON.stringify(value);
  if (await createSecret(name, SecretString)) return;
  await secretsManager.send(new PutSecretValueCommand({ SecretId: secretFullName('local', name), SecretString }));
}

/** Creates a local secret, by default without a value as a deployment does. Returns false if it exists. */
async function createSecret(name: SecretName, SecretString?: string): Promise<boolean> {
  const command = new CreateSecretCommand({ Name: secretFullName('local', name), SecretString });
  return secretsManager.send(command).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ResourceExistsException) return false;
      throw error;
    },
  );
}

async function readOrCreateSecret<T>(name: SecretName, create: () => T): Promise<T> {
  const stored = await readSecret<T>(name);
  if (stored !== undefined) return stored;
  const value = create();
  await writeSecret(name, value);
  return value;
}
