import { type Variable } from './env.ts';
import { secretFullName, secretNames, secretVariable, tableFullName } from './names.ts';

// Sets the environment variables of a deployed function in this process. Must run before a module that creates an AWS client is loaded.

/** An AWS access key. */
export interface AwsKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The URLs of a local stack's AWS servers. */
export interface AwsAddresses {
  secretsManager: string;
  dynamodb: string;
  /** The only access key that the servers accept. Absent for another AWS endpoint, which uses the process's credentials. */
  aws?: AwsKey | undefined;
}

/** Variables of the operator's AWS account that would prevent calls to the local servers. */
const conflicting = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** Variables that belong to the replaced access key. */
const ofReplacedKey = ['AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_CREDENTIAL_SCOPE'];

/** Configures the AWS SDK and the gateway's modules for a local stack. */
export function useLocal({ secretsManager, dynamodb, aws }: AwsAddresses): void {
  for (const name of conflicting) delete process.env[name];
  if (aws !== undefined) {
    for (const name of ofReplacedKey) delete process.env[name];
    process.env['AWS_ACCESS_KEY_ID'] = aws.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = aws.secretAccessKey;
  }
  const defaults = { AWS_REGION: 'eu-west-3', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = dynamodb;
  useDeployed('local');
}

/** Configures the gateway's modules for a deployed environment. The AWS SDK resolves the region and the credentials. */
export function useDeployed(environment: string): void {
  set('ENVIRONMENT', environment);
  set('TABLE_NAME', tableFullName(environment));
  for (const name of secretNames) set(secretVariable(name), secretFullName(environment, name));
}

/** The settings of the manage token's rotation. */
export interface RotationSettings {
  /** Budgea's base URL, `/2.0` included. */
  budgea: string;
  rotationMinutes: number;
  /** Default: the process's `MANAGE_SCOPE`. */
  manageScope?: string;
}

/** The settings of a gateway. */
export interface GatewaySettings extends RotationSettings {
  /** The gateway's base URL, `/2.0` included. */
  gateway: string;
  certificateTypes: readonly string[];
}

/** Sets the functions' remaining variables. */
export function useSettings({ gateway, certificateTypes, ...rotation }: GatewaySettings): void {
  set('GATEWAY_URL', gateway);
  set('CERTIFICATE_TYPES', certificateTypes.join(','));
  useRotationSettings(rotation);
}

/** Sets the variables of the manage token's rotation. */
export function useRotationSettings({ budgea, rotationMinutes, manageScope }: RotationSettings): void {
  set('BUDGEA_URL', budgea);
  set('ROTATION_MINUTES', String(rotationMinutes));
  if (manageScope !== undefined) set('MANAGE_SCOPE', manageScope);
}

function set(variable: Variable, value: string): void {
  process.env[variable] = value;
}
