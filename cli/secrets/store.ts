import {
  CreateSecretCommand,
  PutSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Refusal } from '../refusal.ts';

/** What became of a value. */
export interface Stored {
  version_id: string | undefined;
  created: boolean;
}

const client = new SecretsManagerClient({ maxAttempts: 3 });

/**
 * Makes a text the current value of a secret; with `create`, of one that is missing too. Throws Refusal when there is no such secret, and
 * the service's errors.
 */
export async function storeSecret(name: string, text: string, { create }: { create: boolean }): Promise<Stored> {
  try {
    const { VersionId } = await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
    return { version_id: VersionId, created: false };
  } catch (error) {
    if (error instanceof InvalidRequestException) {
      throw new Refusal(`The secret ${name} does not take a value; is it scheduled for deletion? Restore it first.`);
    }
    if (!(error instanceof ResourceNotFoundException)) throw error;
    if (!create)
      throw new Refusal(
        `There is no secret ${name} in this account and region. Deploy the environment first, which makes it, or check --env, AWS_PROFILE and AWS_REGION.`,
      );
  }
  const { VersionId } = await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
  return { version_id: VersionId, created: true };
}
