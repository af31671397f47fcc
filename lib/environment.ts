import { secretFullName, secretVariable } from './env.ts';
import type { SecretName } from './operations.ts';

// Gives a process the environment that a deployed function has. Used before anything that makes an AWS client is loaded.

/** Where a local stack's AWS servers answer. */
export interface AwsAddresses {
  secretsManager: string;
  dynamodb: string;
}

/** Settings of the operator's own AWS account that would keep the SDK from the local servers. */
const inTheWay = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

const secretNames: readonly SecretName[] = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'];

/** Points the AWS SDK and the gateway's own modules at a local stack. */
export function useLocal({ secretsManager, dynamodb }: AwsAddresses): void {
  for (const name of inTheWay) delete process.env[name];
  const defaults = { AWS_REGION: 'eu-west-3', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = dynamodb;
  useDeployed('local');
}

/** Points the gateway's own modules at an environment; the AWS SDK finds region and credentials by itself. */
export function useDeployed(environment: string): void {
  process.env['ENVIRONMENT'] = environment;
  process.env['TABLE_NAME'] = `${environment}-gateway`;
  for (const name of secretNames) process.env[secretVariable(name)] = secretFullName(environment, name);
}

/** Settings that come with a Budgea and a gateway in front of it. */
export interface GatewaySettings {
  /** Base URLs, `/2.0` included. */
  budgea: string;
  gateway: string;
  certificateTypes: readonly string[];
  rotationMinutes: number;
}

/** Gives the functions of this process the rest of their settings. */
export function useSettings({ budgea, gateway, certificateTypes, rotationMinutes }: GatewaySettings): void {
  process.env['BUDGEA_URL'] = budgea;
  process.env['GATEWAY_URL'] = gateway;
  process.env['CERTIFICATE_TYPES'] = certificateTypes.join(',');
  process.env['ROTATION_MINUTES'] = String(rotationMinutes);
}
