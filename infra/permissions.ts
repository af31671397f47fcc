import { type Setting, type Variable } from '#lib/config/env.ts';
import { secretNames, secretVariable } from '#lib/config/names.ts';
import type { Job } from '#lib/operations/jobs.ts';
import type { ItemCall, ItemKind, Needs, SecretName } from '#lib/operations/table.ts';

// The policy statements and environment variables of functions, derived from the needs in their rows.

/** The needs that a row of any table declares. */
export type FunctionNeeds = Omit<Job, 'settings'> & { settings: readonly Setting[] };

/** ARNs of the resources that policies name, and their region. */
export interface ResourceArns {
  region: string;
  table: string;
  key: string;
  secrets: Readonly<Record<SecretName, string>>;
}

/** The configuration that an environment has for its functions. */
export interface FunctionConfig {
  environment: string;
  budgeaUrl: string;
  tableName: string;
  secretIds: Readonly<Record<SecretName, string>>;
  settings: Readonly<Record<Setting, string>>;
}

/** A statement of a policy. */
export interface Statement {
  actions: readonly string[];
  resources: readonly string[];
  conditions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Returns a record with a value for each secret. */
export function forEachSecret<T>(valueOf: (name: SecretName) => T): Record<SecretName, T> {
  return Object.fromEntries(secretNames.map((name) => [name, valueOf(name)])) as Record<SecretName, T>; // Has all names.
}

/** Returns the statements that allow a function its needs and nothing else. */
export function statementsFor(
  { secrets, items, rotates, describes = [] }: FunctionNeeds,
  arns: ResourceArns,
): Statement[] {
  return [
    ...secretStatements(secrets, ['GetSecretValue'], ['Decrypt'], arns),
    ...secretStatements(
      rotates === undefined ? [] : [rotates],
      ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
      ['Decrypt', 'GenerateDataKey'],
      arns,
    ),
    ...secretStatements(describes, ['ListSecretVersionIds'], [], arns),
    ...itemStatements(items, arns),
  ];
}

/** Returns the environment variables for the needs of a function and nothing else. */
export function variablesFor(
  { secrets, items, settings, rotates, describes = [] }: FunctionNeeds,
  config: FunctionConfig,
): Partial<Record<Variable, string>> {
  const names = new Set([...secrets, ...describes, ...(rotates === undefined ? [] : [rotates])]);
  return {
    ENVIRONMENT: config.environment,
    BUDGEA_URL: config.budgeaUrl,
    ...(Object.keys(items).length > 0 && { TABLE_NAME: config.tableName }),
    ...Object.fromEntries([...names].map((name) => [secretVariable(name), config.secretIds[name]])),
    ...Object.fromEntries(settings.map((name) => [name, config.settings[name]])),
  };
}

/** Returns the statements for actions on secrets. The key can be used through Secrets Manager only, and for these secrets only. */
export function secretStatements(
  names: readonly SecretName[],
  actions: readonly string[],
  keyActions: readonly string[],
  { secrets, key, region }: ResourceArns,
): Statement[] {
  if (names.length === 0) return [];
  const resources = names.map((name) => secrets[name]);
  const StringEquals = {
    'kms:EncryptionContext:SecretARN': resources,
    'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
  };
  const decryption = { actions: withService('kms', keyActions), resources: [key], conditions: { StringEquals } };
  return [
    { actions: withService('secretsmanager', actions), resources },
    ...(keyActions.length > 0 ? [decryption] : []),
  ];
}

const itemActions: Record<ItemCall, string> = {
  get: 'dynamodb:GetItem',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
  delete: 'dynamodb:DeleteItem',
};

/** Returns one statement for each kind of call. `ForAllValues` also matches a call without leading keys, which the second condition excludes. */
export function itemStatements(items: Needs['items'], { table }: ResourceArns): Statement[] {
  const kinds = Object.entries(items) as [ItemKind, readonly ItemCall[]][]; // The record has these keys only.
  return Object.entries(itemActions).flatMap(([call, action]) => {
    const keys = kinds.filter(([, calls]) => calls.some((each) => each === call)).map(([kind]) => `${kind}#*`);
    const conditions = {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    };
    return keys.length === 0 ? [] : [{ actions: [action], resources: [table], conditions }];
  });
}

function withService(service: string, actions: readonly string[]): string[] {
  return actions.map((action) => `${service}:${action}`);
}
