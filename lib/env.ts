import type { Job } from './jobs.ts';
import type { Needs, SecretName } from './operations.ts';

/** A setting that only the functions get whose rows name it. */
export type Setting = Needs['settings'][number] | Job['settings'][number];

/** Every variable by which a deployment tells its functions what they need. */
export type Variable = 'ENVIRONMENT' | 'BUDGEA_URL' | 'TABLE_NAME' | Setting | `SECRET_${string}`;

/** Thrown when a function starts without a setting that its deployment should have given it. */
class MissingSetting extends Error {
  override readonly name = 'MissingSetting';
  constructor(variable: Variable) {
    super(`The environment variable ${variable} is not set`);
  }
}

function given(variable: Variable): string | undefined {
  return process.env[variable];
}

function setting(variable: Variable): string {
  const value = given(variable);
  if (value === undefined || value === '') throw new MissingSetting(variable);
  return value;
}

/** The environment variable that says which secret a name stands for: `SECRET_CLIENT_CREDENTIALS` for `client-credentials`. */
export const secretVariable = (name: SecretName): `SECRET_${string}` =>
  `SECRET_${name.toUpperCase().replaceAll('-', '_')}`;

/** Whose secret it is: the contract's, or the gateway's own. */
const owners: Record<SecretName, 'budgea' | 'gateway'> = {
  'client-credentials': 'budgea',
  'admin-token': 'budgea',
  'manage-token': 'budgea',
  'sealing-keys': 'gateway',
};

/** Every secret of an environment. */
export const secretNames = Object.keys(owners) as SecretName[]; // The record has these keys alone.

/** A secret's full name in Secrets Manager, `local/budgea/manage-token` for example. */
export const secretFullName = (environment: string, name: SecretName): string =>
  `${environment}/${owners[name]}/${name}`;

/** The table of an environment. */
export const tableFullName = (environment: string): string => `${environment}-gateway`;

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
  /** The certificate types that the gateway keeps. */
  certificateTypes: () => (given('CERTIFICATE_TYPES') ?? '').split(',').filter((type) => type !== ''),
  /** The scope of the manage JWTs that the rotation mints. */
  manageScope: () => given('MANAGE_SCOPE') ?? 'users',
  /** The interval of the manage token's rotation, in minutes. */
  rotationMinutes: () => Number(setting('ROTATION_MINUTES')),
  /** Whether `POST /auth/init` works without any credential. */
  allowAnonymousInit: () => given('ALLOW_ANONYMOUS_INIT') === 'true',
};
