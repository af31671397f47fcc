import { jsonService } from './service.ts';

const callSecretsManager = jsonService({
  name: 'secretsmanager',
  target: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
  attemptTime: 2_000,
});

/**
 * The text of a secret's current value, empty when it has none; one attempt ends after two seconds, a call after two attempts. Throws
 * AwsError, or the connection's error.
 */
export async function readSecretText(secretId: string): Promise<string> {
  const { SecretString: text } = await callSecretsManager('GetSecretValue', { SecretId: secretId });
  return typeof text === 'string' ? text : '';
}
