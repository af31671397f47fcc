import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The SDK's client of this process. An attempt times out after 2 seconds; a call makes two attempts. */
export const secretsManager = new SecretsManagerClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
});
