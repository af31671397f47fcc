import type { SecretName } from '../operations/table.ts';

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
