import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The client of this container; one attempt ends after two seconds, a call after two attempts. */
export const secretsManager = new SecretsManagerClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
});
