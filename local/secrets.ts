import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';

/** The current value of a local secret, parsed; undefined when there is none. The caller knows its shape. */
export async function readSecret<T>(name: SecretName): Promise<T | undefined> {
  try {
    const { SecretString = 'null' } = await secretsManager.send(
      new GetSecretValueCommand({ SecretId: secretFullName('local', name) }),
    );
    return JSON.parse(SecretString) as T;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Creates a local secret without a value, as a deployment does, unless it is there. */
export async function createEmptySecret(name: SecretName): Promise<void> {
  await secretsManager
    .send(new CreateSecretCommand({ Name: secretFullName('local', name) }))
    .catch((error: unknown) => {
      if (!(error instanceof ResourceExistsException)) throw error;
    });
}

/** Makes a value the current one of a local secret, which is created if it is missing. */
export async function writeSecret(name: SecretName, value: unknown): Promise<void> {
  const Name = secretFullName('local', name);
  const SecretString = JSON.stringify(value);
  try {
    await secretsManager.send(new CreateSecretCommand({ Name, SecretString }));
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
    await secretsManager.send(new PutSecretValueCommand({ SecretId: Name, SecretString }));
  }
}

/** The value of a local secret, made and kept when there is none. */
export async function readOrMakeSecret<T>(name: SecretName, make: () => T): Promise<T> {
  const known = await readSecret<T>(name);
  if (known !== undefined) return known;
  const made = make();
  await writeSecret(name, made);
  return made;
}
