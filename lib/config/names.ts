import type { SecretName } from '../operations/table.ts';

/** Returns the environment variable with a secret's full name or ARN: `SECRET_CLIENT_CREDENTIALS` for `client-credentials`. */
export const secretVariable = (name: SecretName): `SECRET_${string}` =>
  `SECRET_${name.toUpperCase().replaceAll('-', '_')}`;

/** The owner of each secret: the Budgea contract or the gateway. */
const owners: Record<SecretName, 'budgea' | 'gateway'> = {
  'client-credentials': 'budgea',
  'admin-token': 'budgea',
  'manage-token': 'budgea',
  'sealing-keys': 'gateway',
};

/** The names of an environment's secrets. */
export const secretNames = Object.keys(owners) as SecretName[]; // The record has no other keys.

/** Returns a secret's full name in Secrets Manager, for example `local/budgea/manage-token`. */
export const secretFullName = (environment: string, name: SecretName): string =>
  `${environment}/${owners[name]}/${name}`;

/** Returns the name of an environment's table. */
export const tableFullName = (environment: string): string => `${environment}-gateway`;
