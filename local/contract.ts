import { randomBytes, randomInt } from 'node:crypto';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { env } from '#lib/config/env.ts';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import {
  acceptsManageToken,
  manageTokenMinutes,
  type ManageToken,
  mintManageToken,
} from '#lib/rotation/manage-token.ts';
import { describeSecret, withdrawPending, versionWith } from '#lib/rotation/secret-versions.ts';
import { makeSealingKey, type SealingKeys } from '#lib/webauth/state.ts';
import { createEmptySecret, readOrMakeSecret, readSecret, writeSecret } from './secrets.ts';

/** The secrets of a Budgea contract, as the local Secrets Manager has them. */
export interface Contract {
  client: { client_id: number; client_secret: string };
  adminToken: string;
}

/** The contract's secrets, made up on a fresh state folder; the sandbox verifies what it finds here. */
export async function prepareContract(): Promise<Contract> {
  const [client, admin] = await Promise.all([
    readOrMakeSecret('client-credentials', (): { client_id: number | string; client_secret: string } => ({
      client_id: randomInt(10_000_000, 100_000_000),
      client_secret: randomBytes(36).toString('base64url'),
    })),
    readOrMakeSecret('admin-token', () => ({ token: randomBytes(72).toString('base64url') })),
    readOrMakeSecret('sealing-keys', (): SealingKeys => ({ next: makeSealingKey(), current: makeSealingKey() })),
    createEmptySecret('manage-token'),
  ]);
  return { client: { ...client, client_id: Number(client.client_id) }, adminToken: admin.token };
}

/** Makes sure that the manage JWT is one that upstream takes. Throws what the client throws when upstream refuses the admin token. */
export async function prepareManageToken(budgea: string, adminToken: string): Promise<void> {
  const client = (token: string) =>
    new AuthenticationApi(new Configuration({ basePath: budgea, apiKey: token, apiKeyPrefix: 'Bearer' }));
  const known = await readSecret<ManageToken>('manage-token');
  const halfLife = Date.now() / 1000 + (manageTokenMinutes() * 60) / 2;
  const usable =
    known !== undefined && known.expires_at > halfLife && (await acceptsManageToken(client(known.jwt_token)));
  if (usable) return;
  const minted = await mintManageToken(client(adminToken), { scope: env.manageScope(), minutes: manageTokenMinutes() });
  await writeSecret('manage-token', minted);
  await forgetRotation('manage-token');
}

/** The label of the last rotation, or of one that came to nothing, is on a version that is not in use: the next one would go on with that. */
async function forgetRotation(name: SecretName): Promise<void> {
  const secret = await describeSecret(secretFullName('local', name));
  const pending = versionWith(secret, 'AWSPENDING');
  if (pending === undefined || pending === versionWith(secret, 'AWSCURRENT')) return;
  await withdrawPending(secret.arn, pending);
}
