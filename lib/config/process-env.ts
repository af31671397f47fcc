import { type Variable } from './env.ts';
import { secretFullName, secretNames, secretVariable, tableFullName } from './names.ts';

// Gives a process the environment that a deployed function has. Used before anything that makes an AWS client is loaded.

/** An AWS access key. */
export interface AwsKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Where a local stack's AWS servers answer. */
export interface AwsAddresses {
  secretsManager: string;
  dynamodb: string;
  /** The only key that they accept; absent for another AWS endpoint, which is called with the process's own credentials. */
  aws?: AwsKey | undefined;
}

/** Settings of the operator's own AWS account that would keep the SDK from the local servers. */
const inTheWay = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** What belongs to the access key that the stack's own replaces. */
const ofAnotherKey = ['AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_CREDENTIAL_SCOPE'];

/** Points the AWS SDK and the gateway's own modules at a local stack. */
export function useLocal({ secretsManager, dynamodb, aws }: AwsAddresses): void {
  for (const name of inTheWay) delete process.env[name];
  if (aws !== undefined) {
    for (const name of ofAnotherKey) delete process.env[name];
    process.env['AWS_ACCESS_KEY_ID'] = aws.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = aws.secretAccessKey;
  }
  const defaults = { AWS_REGION: 'eu-west-3', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = dynamodb;
  useDeployed('local');
}

/** Points the gateway's own modules at an environment; the AWS SDK finds region and credentials by itself. */
export function useDeployed(environment: string): void {
  give('ENVIRONMENT', environment);
  give('TABLE_NAME', tableFullName(environment));
  for (const name of secretNames) give(secretVariable(name), secretFullName(environment, name));
}

/** What the rotation of the manage token has to know. */
export interface RotationSettings {
  /** Budgea's base URL, `/2.0` included. */
  budgea: string;
  rotationMinutes: number;
  /** Without one: what the process was started with, or the default. */
  manageScope?: string;
}

/** Settings that come with a Budgea and a gateway in front of it. */
export interface GatewaySettings extends RotationSettings {
  /** The gateway's own base URL, `/2.0` included. */
  gateway: string;
  certificateTypes: readonly string[];
}

/** Gives the functions of this process the rest of their settings. */
export function useSettings({ gateway, certificateTypes, ...rotation }: GatewaySettings): void {
  give('GATEWAY_URL', gateway);
  give('CERTIFICATE_TYPES', certificateTypes.join(','));
  useRotationSettings(rotation);
}

/** Gives what rotates the manage token in this process its settings. */
export function useRotationSettings({ budgea, rotationMinutes, manageScope }: RotationSettings): void {
  give('BUDGEA_URL', budgea);
  give('ROTATION_MINUTES', String(rotationMinutes));
  if (manageScope !== undefined) give('MANAGE_SCOPE', manageScope);
}

function give(variable: Variable, value: string): void {
  process.env[variable] = value;
}
