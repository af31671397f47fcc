import { type Setting, type Variable } from '#lib/config/env.ts';
import { secretVariable } from '#lib/config/names.ts';
import type { Job } from '#lib/operations/jobs.ts';
import type { ItemCall, ItemKind, Needs, SecretName } from '#lib/operations/table.ts';

// What a function may do and what it is told, derived from what its row says that it needs. Nothing else grants a function anything.

/** What a row of either table says about a function's needs. */
export type Row = Omit<Job, 'settings'> & { settings: readonly Setting[] };

/** ARNs of what functions can reach in an environment, and the region that it is in. */
export interface Reachable {
  region: string;
  table: string;
  key: string;
  secrets: Readonly<Record<SecretName, string>>;
}

/** What an environment's functions can be told. */
export interface Told {
  environment: string;
  budgeaUrl: string;
  tableName: string;
  secretIds: Readonly<Record<SecretName, string>>;
  settings: Readonly<Record<Setting, string>>;
}

/** One statement of a policy. */
export interface Statement {
  actions: readonly string[];
  resources: readonly string[];
  conditions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const itemActions: Record<ItemCall, string> = {
  get: 'dynamodb:GetItem',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
  delete: 'dynamodb:DeleteItem',
};

/** The statements that let a function reach what its row names, and nothing else. */
export function statementsFor({ secrets, items, rotates, describes = [] }: Row, reachable: Reachable): Statement[] {
  const own = rotates === undefined ? [] : [rotates];
  return [
    ...secretStatements(secrets, ['secretsmanager:GetSecretValue'], ['kms:Decrypt'], reachable),
    ...secretStatements(own, rotationActions, ['kms:Decrypt', 'kms:GenerateDataKey'], reachable),
    ...secretStatements(describes, ['secretsmanager:ListSecretVersionIds'], [], reachable),
    ...itemStatements(items, reachable),
  ];
}

/** The environment variables that tell a function of what its row names, and nothing else. */
export function variablesFor(
  { secrets, items, settings, rotates, describes = [] }: Row,
  told: Told,
): Partial<Record<Variable, string>> {
  const known = new Set([...secrets, ...describes, ...(rotates === undefined ? [] : [rotates])]);
  return {
    ENVIRONMENT: told.environment,
    BUDGEA_URL: told.budgeaUrl,
    ...(Object.keys(items).length > 0 && { TABLE_NAME: told.tableName }),
    ...Object.fromEntries([...known].map((name) => [secretVariable(name), told.secretIds[name]])),
    ...Object.fromEntries(settings.map((name) => [name, told.settings[name]])),
  };
}

const rotationActions = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
];

/** The key is used through Secrets Manager alone, and only for these secrets: their ARNs are in what a value is encrypted with. */
export function secretStatements(
  names: readonly SecretName[],
  actions: readonly string[],
  keyActions: readonly string[],
  { secrets, key, region }: Reachable,
): Statement[] {
  if (names.length === 0) return [];
  const resources = names.map((name) => secrets[name]);
  const conditions = {
    StringEquals: {
      'kms:EncryptionContext:SecretARN': resources,
      'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
    },
  };
  return [
    { actions, resources },
    ...(keyActions.length > 0 ? [{ actions: keyActions, resources: [key], conditions }] : []),
  ];
}

/** One statement for each kind of call. Every one of them names its item, so that the condition's key is never missing. */
export function itemStatements(items: Needs['items'], { table }: Reachable): Statement[] {
  const kinds = Object.entries(items) as [ItemKind, readonly ItemCall[]][]; // The record has these keys alone.
  return Object.entries(itemActions).flatMap(([call, action]) => {
    const keys = kinds.filter(([, calls]) => calls.some((each) => each === call)).map(([kind]) => `${kind}#*`);
    return keys.length === 0 ? [] : [{ actions: [action], resources: [table], conditions: leading(keys) }];
  });
}

/** `ForAllValues` holds for a call without the key too: the second condition rules that out. */
function leading(keys: readonly string[]): NonNullable<Statement['conditions']> {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}
