import type { Job } from '../operations/jobs.ts';
import type { Needs, SecretName } from '../operations/table.ts';
import { secretVariable } from './names.ts';

/** A setting that only the functions get whose rows name it. */
export type Setting = Needs['settings'][number] | Job['settings'][number];

/** Every variable by which a deployment tells its functions what they need. */
export type Variable = 'ENVIRONMENT' | 'BUDGEA_URL' | 'TABLE_NAME' | Setting | `SECRET_${string}`;

/** Thrown when a function starts without a setting that its deployment should have given it. */
class MissingSetting extends Error {
  override readonly name = 'MissingSetting';
  constructor(variable: Variable | AwsVariable) {
    super(`The environment variable ${variable} is not set`);
  }
}

/** What Lambda sets, and the SDK looks at too. */
type AwsVariable =
  | 'AWS_LAMBDA_RUNTIME_API'
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'AWS_SESSION_TOKEN'
  | 'AWS_ENDPOINT_URL'
  | 'AWS_ENDPOINT_URL_SECRETS_MANAGER'
  | 'AWS_ENDPOINT_URL_DYNAMODB';

function given(variable: Variable | AwsVariable): string | undefined {
  return process.env[variable];
}

function setting(variable: Variable | AwsVariable): string {
  const value = given(variable);
  if (value === undefined || value === '') throw new MissingSetting(variable);
  return value;
}

/** The settings of a deployed function. The only place that reads the environment; throws MissingSetting. */
export const env = {
  /** The name of the environment: `local`, `dev`, `staging`, `prod`. */
  environment: () => setting('ENVIRONMENT'),
  /** The Budgea API's base URL, `/2.0` included. */
  budgeaUrl: () => setting('BUDGEA_URL'),
  /** The gateway's own base URL, `/2.0` included: what a browser comes back to. */
  gatewayUrl: () => setting('GATEWAY_URL'),
  /** The name of the table. */
  tableName: () => setting('TABLE_NAME'),
  /** The name or ARN of a secret. */
  secretId: (name: SecretName) => setting(secretVariable(name)),
  /** Whether Lambda has just started this process, to answer calls. */
  isStarting: () => given('AWS_LAMBDA_RUNTIME_API') !== undefined,
  /** Whether it has, and the function was told of a secret. */
  prefetches: (name: SecretName) => env.isStarting() && given(secretVariable(name)) !== undefined,
  /** The certificate types that the gateway keeps. */
  certificateTypes: () => (given('CERTIFICATE_TYPES') ?? '').split(',').filter((type) => type !== ''),
  /** The scope of the manage JWTs that the rotation mints. */
  manageScope: () => given('MANAGE_SCOPE') ?? 'users',
  /** The interval of the manage token's rotation, in minutes. */
  rotationMinutes: () => Number(setting('ROTATION_MINUTES')),
  /** Whether `POST /auth/init` works without any credential. */
  allowAnonymousInit: () => given('ALLOW_ANONYMOUS_INIT') === 'true',
  /** The region, which Lambda gives every function. */
  awsRegion: () => setting('AWS_REGION'),
  /** Who this function is to AWS: its role's credentials, which Lambda gives it. */
  awsCredentials: () => ({
    accessKeyId: setting('AWS_ACCESS_KEY_ID'),
    secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
    sessionToken: given('AWS_SESSION_TOKEN'),
  }),
  /** Where a service of AWS answers; a variable can name another place, as it can to the SDK. */
  awsEndpoint: (service: 'secretsmanager' | 'dynamodb') =>
    new URL(
      given(endpointVariables[service]) ??
        given('AWS_ENDPOINT_URL') ??
        `https://${service}.${setting('AWS_REGION')}.${domainOf(setting('AWS_REGION'))}`,
    ),
};

/** Where a region's services are. Source: the SDK's list of AWS's partitions. */
function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

const endpointVariables = {
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
} as const;
