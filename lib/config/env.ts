import type { Job } from '../operations/jobs.ts';
import type { Needs, SecretName } from '../operations/table.ts';
import { secretVariable } from './names.ts';

/** A variable of the functions whose rows name it. */
export type Setting = Needs['settings'][number] | Job['settings'][number];

/** An environment variable that a deployment sets. */
export type Variable = 'ENVIRONMENT' | 'BUDGEA_URL' | 'TABLE_NAME' | Setting | `SECRET_${string}`;

/** A required environment variable is not set. */
class MissingSetting extends Error {
  override readonly name = 'MissingSetting';
  constructor(variable: Variable | AwsVariable) {
    super(`The environment variable ${variable} is not set`);
  }
}

/** An environment variable of Lambda or of the AWS SDK. */
type AwsVariable =
  | 'AWS_LAMBDA_RUNTIME_API'
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'AWS_SESSION_TOKEN'
  | 'AWS_ENDPOINT_URL'
  | 'AWS_ENDPOINT_URL_SECRETS_MANAGER'
  | 'AWS_ENDPOINT_URL_DYNAMODB';

function optional(variable: Variable | AwsVariable): string | undefined {
  return process.env[variable];
}

function required(variable: Variable | AwsVariable): string {
  const value = optional(variable);
  if (value === undefined || value === '') throw new MissingSetting(variable);
  return value;
}

/** The settings of a function. The only reader of environment variables in `lib`. Functions throw MissingSetting for a required variable. */
export const env = {
  /** The name of the environment: `local`, `dev`, `staging`, `prod`. */
  environment: () => required('ENVIRONMENT'),
  /** The Budgea API's base URL, `/2.0` included. */
  budgeaUrl: () => required('BUDGEA_URL'),
  /** The gateway's base URL, `/2.0` included, to which browsers are redirected. */
  gatewayUrl: () => required('GATEWAY_URL'),
  /** The name of the table. */
  tableName: () => required('TABLE_NAME'),
  /** The name or ARN of a secret. */
  secretId: (name: SecretName) => required(secretVariable(name)),
  /** Whether the process runs on Lambda, so that imports belong to a cold start. */
  isStarting: () => optional('AWS_LAMBDA_RUNTIME_API') !== undefined,
  /** Whether the function reads a secret while it starts. */
  prefetches: (name: SecretName) => env.isStarting() && optional(secretVariable(name)) !== undefined,
  /** The certificate types that the gateway stores. */
  certificateTypes: () => (optional('CERTIFICATE_TYPES') ?? '').split(',').filter((type) => type !== ''),
  /** The scope of manage JWTs. */
  manageScope: () => optional('MANAGE_SCOPE') ?? 'users',
  /** The interval of the manage token's rotation, in minutes. */
  rotationMinutes: () => Number(required('ROTATION_MINUTES')),
  /** Whether `POST /auth/init` accepts calls without credentials. */
  allowAnonymousInit: () => optional('ALLOW_ANONYMOUS_INIT') === 'true',
  /** The region, which Lambda sets. */
  awsRegion: () => required('AWS_REGION'),
  /** The credentials of the function's role, which Lambda sets. */
  awsCredentials: () => ({
    accessKeyId: required('AWS_ACCESS_KEY_ID'),
    secretAccessKey: required('AWS_SECRET_ACCESS_KEY'),
    sessionToken: optional('AWS_SESSION_TOKEN'),
  }),
  /** The endpoint of an AWS service, which the SDK's variables override. */
  awsEndpoint: (service: 'secretsmanager' | 'dynamodb') =>
    new URL(
      optional(endpointVariables[service]) ??
        optional('AWS_ENDPOINT_URL') ??
        `https://${service}.${required('AWS_REGION')}.${domainOf(required('AWS_REGION'))}`,
    ),
};

/** Returns the domain of a region's services. Source: the SDK's list of AWS partitions. */
function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

const endpointVariables = {
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
} as const;
