import type { SecretName } from './operations.ts';

/** Thrown when a function starts without a setting that its deployment should have given it. */
export class MissingSetting extends Error {
  override readonly name = 'MissingSetting';
  constructor(variable: string) {
    super(`The environment variable ${variable} is not set`);
  }
}

function setting(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === '') throw new MissingSetting(variable);
  return value;
}

/** The environment variable that says which secret a name stands for: `SECRET_CLIENT_CREDENTIALS` for `client-credentials`. */
export const secretVariable = (name: SecretName): string => `SECRET_${name.toUpperCase().replaceAll('-', '_')}`;

/** A secret's full name in Secrets Manager, `local/budgea/manage-token` for example. */
export const secretFullName = (environment: string, name: SecretName): string =>
  `${environment}/${name === 'sealing-keys' ? 'gateway' : 'budgea'}/${name}`;

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
  certificateTypes: () => (process.env['CERTIFICATE_TYPES'] ?? '').split(',').filter((type) => type !== ''),
  /** The scope of the manage JWTs that the rotation mints. */
  manageScope: () => process.env['MANAGE_SCOPE'] ?? 'users',
  /** The interval of the manage token's rotation, in minutes. */
  rotationMinutes: () => Number(setting('ROTATION_MINUTES')),
  /** Whether `POST /auth/init` works without any credential. */
  allowAnonymousInit: () => process.env['ALLOW_ANONYMOUS_INIT'] === 'true',
};
