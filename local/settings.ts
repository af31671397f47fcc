import { secretFullName, secretVariable } from '../lib/env.ts';
import type { SecretName } from '../lib/operations.ts';

/** The addresses of a local stack, as `stack.json` has them; no sandbox when another Budgea stands behind the gateway. */
export interface Addresses {
  /** `/2.0` included. */
  gateway: string;
  /** `/2.0` included. */
  sandbox?: string;
  secretsManager: string;
  dynamodb: string;
}

const secretNames: SecretName[] = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'];

/** Gives this process the environment that a deployed function has, with the AWS SDK's own settings for other endpoints. */
export function setLocalEnvironment({
  secretsManager,
  dynamodb,
}: Pick<Addresses, 'secretsManager' | 'dynamodb'>): void {
  const defaults = { AWS_REGION: 'eu-west-3', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    ENVIRONMENT: 'local',
    TABLE_NAME: 'local-gateway',
    ...Object.fromEntries(secretNames.map((name) => [secretVariable(name), secretFullName('local', name)])),
  });
}

/** Gives the functions the rest of their settings. */
export function setFunctionEnvironment({
  budgea,
  gateway,
  certificateTypes,
  rotationMinutes,
}: {
  budgea: string;
  gateway: string;
  certificateTypes: readonly string[];
  rotationMinutes: number;
}): void {
  Object.assign(process.env, {
    BUDGEA_URL: budgea,
    GATEWAY_URL: gateway,
    CERTIFICATE_TYPES: certificateTypes.join(','),
    ROTATION_MINUTES: String(rotationMinutes),
  });
}
