import { DescribeSecretCommand, InvalidRequestException, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { env } from '#lib/config/env.ts';
import { secretNames } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { listVersions, readVersion, versionInUse } from '#lib/rotation/secret-versions.ts';
import { manageTokenExpiry } from '#lib/secrets/values.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { ConsoleRefusal } from '../refusal.ts';
import type { SecretView } from '../wire.ts';

/** What there is to see of each secret without its value. Throws the service's errors. */
export function readSecrets(): Promise<SecretView[]> {
  return Promise.all(secretNames.map(readSecret));
}

/** Begins a rotation, whose steps are events. Throws ConsoleRefusal when the secret does not rotate, or is being rotated. */
export async function rotateSecret(name: string): Promise<{ version: string }> {
  const known = secretNames.find((each) => each === name);
  if (known === undefined) throw new ConsoleRefusal(404, 'There is no such secret.');
  try {
    const { VersionId = '' } = await secretsManager.send(new RotateSecretCommand({ SecretId: env.secretId(known) }));
    return { version: VersionId };
  } catch (error) {
    // It was sent no value that it could quote.
    if (error instanceof InvalidRequestException) throw new ConsoleRefusal(409, error.message);
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
