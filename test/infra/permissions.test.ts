import { describe, expect, test } from 'vitest';
import { synthesizeAll, type Resource, type Synthesized } from './synthesized.ts';

// What every function may do, written out: whoever changes a row of the tables sees here what follows. Nothing of it is derived.

type Statement = Record<'Action' | 'Resource' | 'Condition', unknown>;

const reads = (...secrets: string[]) => [
  { Action: ['secretsmanager:GetSecretValue'], Resource: secrets },
  key(['kms:Decrypt'], secrets),
];
const rotates = (secret: string) => [
  {
    Action: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    Resource: [secret],
  },
  key(['kms:Decrypt', 'kms:GenerateDataKey'], [secret]),
];
const lists = (...secrets: string[]) => [{ Action: ['secretsmanager:ListSecretVersionIds'], Resource: secrets }];
const key = (actions: string[], secrets: string[]) => ({
  Action: actions,
  Resource: ['the key'],
  Condition: {
    StringEquals: {
      'kms:EncryptionContext:SecretARN': secrets,
      'kms:ViaService': 'secretsmanager.<region>.amazonaws.com',
    },
  },
});
const item = (action: string, ...kinds: string[]) => [
  {
    Action: [`dynamodb:${action}`],
    Resource: ['the table'],
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  },
];
const reportsFailure = [{ Action: ['sqs:SendMessage'], Resource: ['Queue <env>-gateway-failed-runs'] }];

const client = '<env>/budgea/client-credentials';
const admin = '<env>/budgea/admin-token';
const manage = '<env>/budgea/manage-token';
const sealing = '<env>/gateway/sealing-keys';

const knowsPartners = [...item('GetItem', 'PARTNER'), ...item('UpdateItem', 'KEY_USE')];
const knowsUsers = [...item('GetItem', 'PARTNER', 'USER'), ...item('UpdateItem', 'KEY_USE')];
const recordsUsers = [
  ...item('GetItem', 'PARTNER', 'USER'),
  ...item('PutItem', 'USER'),
  ...item('UpdateItem', 'KEY_USE'),
];
const extendsUsers = [...item('GetItem', 'PARTNER', 'USER'), ...item('UpdateItem', 'KEY_USE', 'USER')];
const nothing: Statement[] = [];

const matrix = {
  'admin-jwt-post': [...reads(admin), ...knowsPartners],
  'auth-init-post': [...reads(client, manage), ...recordsUsers],
  'auth-jwt-post': [
    ...reads(client, manage),
    ...item('GetItem', 'PARTNER', 'USER'),
    ...item('PutItem', 'USER'),
    ...item('UpdateItem', 'KEY_USE', 'USER'),
  ],
  'auth-token-access-post': [
    ...reads(client),
    ...item('GetItem', 'PARTNER', 'USER', 'CODE'),
    ...item('PutItem', 'USER'),
    ...item('UpdateItem', 'KEY_USE', 'USER'),
  ],
  'auth-token-code-get': nothing,
  'auth-token-delete': nothing,
  'certificate-type-get': [
    ...reads(manage),
    ...item('GetItem', 'PARTNER', 'CERTIFICATE'),
    ...item('PutItem', 'CERTIFICATE'),
    ...item('UpdateItem', 'KEY_USE', 'CERTIFICATE'),
  ],
  'hash-delete': nothing,
  'users-id-user-get': [...reads(manage), ...extendsUsers],
  'users-id-user-delete': [...reads(manage), ...knowsUsers, ...item('DeleteItem', 'USER')],
  'users-id-user-token-post': [...reads(manage), ...extendsUsers],
  'webauth-get': [...reads(client, sealing), ...item('GetItem', 'PARTNER', 'CODE')],
  'webauth-callback-get': [...reads(sealing), ...item('GetItem', 'PARTNER'), ...item('PutItem', 'CODE')],
  'api-page-get': nothing,
  'rotate-manage-token': [...reads(admin), ...rotates(manage)],
  'rotate-sealing-key': rotates(sealing),
  'fetch-certificates': [
    ...reads(manage),
    ...item('GetItem', 'CERTIFICATE'),
    ...item('PutItem', 'CERTIFICATE'),
    ...item('UpdateItem', 'CERTIFICATE'),
    ...reportsFailure,
  ],
  watch: [
    ...reads(manage),
    ...lists(client, admin, manage, sealing),
    ...item('GetItem', 'CERTIFICATE'),
    ...reportsFailure,
  ],
};

/** What every function may do: write its own log and trace. */
const observed = (name: string) => [
  {
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [`LogGroup /aws/lambda/<env>-gateway-${name}`],
  },
  { Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: ['*'] },
];

const secretVariables = {
  [client]: 'SECRET_CLIENT_CREDENTIALS',
  [admin]: 'SECRET_ADMIN_TOKEN',
  [manage]: 'SECRET_MANAGE_TOKEN',
  [sealing]: 'SECRET_SEALING_KEYS',
};
const variables: Record<keyof typeof matrix, string[]> = {
  'admin-jwt-post': ['TABLE_NAME', secretVariables[admin]],
  'auth-init-post': ['TABLE_NAME', secretVariables[client], secretVariables[manage], 'ALLOW_ANONYMOUS_INIT'],
  'auth-jwt-post': ['TABLE_NAME', secretVariables[client], secretVariables[manage]],
  'auth-token-access-post': ['TABLE_NAME', secretVariables[client], 'GATEWAY_URL'],
  'auth-token-code-get': [],
  'auth-token-delete': [],
  'certificate-type-get': ['TABLE_NAME', secretVariables[manage], 'CERTIFICATE_TYPES'],
  'hash-delete': [],
  'users-id-user-get': ['TABLE_NAME', secretVariables[manage]],
  'users-id-user-delete': ['TABLE_NAME', secretVariables[manage]],
  'users-id-user-token-post': ['TABLE_NAME', secretVariables[manage]],
  'webauth-get': ['TABLE_NAME', secretVariables[client], secretVariables[sealing], 'GATEWAY_URL'],
  'webauth-callback-get': ['TABLE_NAME', secretVariables[sealing]],
  'api-page-get': ['GATEWAY_URL'],
  'rotate-manage-token': [secretVariables[admin], secretVariables[manage], 'MANAGE_SCOPE', 'ROTATION_MINUTES'],
  'rotate-sealing-key': [secretVariables[sealing]],
  'fetch-certificates': ['TABLE_NAME', secretVariables[manage], 'CERTIFICATE_TYPES'],
  watch: ['TABLE_NAME', ...Object.values(secretVariables), 'CERTIFICATE_TYPES'],
};

const api = (target: string, method: string, path: string) => fromRoot(target, method, `/2.0${path}`);

const fromRoot = (target: string, method: string, path: string) => [
  target,
  'apigateway.amazonaws.com',
  `Api <env>-gateway-api/*/${method}${path}`,
];

/** Without what an environment does not have. */
function inEnvironment<T>(
  { settings }: Synthesized,
  functions: Readonly<Record<keyof typeof matrix, T>>,
): [string, T][] {
  return Object.entries(functions).filter(([each]) => settings.apiPage || each !== 'api-page-get');
}

describe.each(synthesizeAll().map((made) => [made.name, made] as const))('in %s', (name, made) => {
  const roles = new Map(Object.entries(made.gateway.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role'));

  test('every function may do what its row needs, and nothing else', () => {
    const allowed = functionsOf(made).map(({ shortName, resource }) => {
      const { Policies, ...role } = propertiesOf(roles.get(roleId(resource)));
      expect(role).not.toHaveProperty('ManagedPolicyArns');
      expect(role['AssumeRolePolicyDocument']).toEqual(trust({ Service: 'lambda.amazonaws.com' }));
      return [shortName, statementsOf(made, Policies)];
    });
    const expected = inEnvironment<unknown[]>(made, matrix).map(([each, statements]) => [
      each,
      [...statements, ...observed(each)],
    ]);
    expect(Object.fromEntries(allowed)).toEqual(Object.fromEntries(expected));
  });

  test('every function has a role of its own, and nothing is added to one elsewhere', () => {
    const used = functionsOf(made).map(({ resource }) => roleId(resource));
    expect(new Set(used).size).toBe(used.length);
    expect(made.all('AWS::IAM::Policy')).toEqual([]);
    expect(roles.size).toBe(used.length + 2);
  });

  test('every function is told what its row needs, and nothing else', () => {
    const told = functionsOf(made).map(({ shortName, resource: { Properties } }) => [
      shortName,
      Object.keys((Properties['Environment'] as { Variables: object }).Variables).toSorted(),
    ]);
    const expected = inEnvironment(made, variables).map(([each, names]) => [
      each,
      ['BUDGEA_URL', 'ENVIRONMENT', ...names].toSorted(),
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
  });

  test('the scheduler may run the two jobs, as this account’s schedules alone', () => {
    const assumed = [...roles.values()].filter(({ Properties }) =>
      JSON.stringify(Properties['AssumeRolePolicyDocument']).includes('scheduler'),
    );
    expect(assumed.map(({ Properties }) => statementsOf(made, Properties['Policies']))).toEqual(
      ['fetch-certificates', 'watch'].map((job) => [
        { Action: ['lambda:InvokeFunction'], Resource: [`Function <env>-gateway-${job}`] },
        { Action: ['sqs:SendMessage'], Resource: ['Queue <env>-gateway-undelivered-runs'] },
      ]),
    );
    for (const { Properties } of assumed) {
      expect(plain(made, Properties['AssumeRolePolicyDocument'])).toEqual(
        trust(
          { Service: 'scheduler.amazonaws.com' },
          {
            StringEquals: { 'aws:SourceAccount': '<account>', 'aws:SourceArn': 'ScheduleGroup <env>-gateway-jobs' },
          },
        ),
      );
    }
  });

  test('operators may do what the command line does, and read no secret', () => {
    const { PolicyDocument } = made.only('AWS::IAM::ManagedPolicy').Properties;
    expect(statementsOf(made, [{ PolicyDocument }])).toEqual([
      ...item('GetItem', 'PARTNER', 'KEY_USE', 'USER', 'CERTIFICATE'),
      ...item('PutItem', 'PARTNER', 'USER'),
      { Action: ['dynamodb:Query'], Resource: ['the table/index/partners', 'the table/index/users'] },
      {
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
        Resource: [client, admin, manage, sealing],
      },
      { Action: ['secretsmanager:PutSecretValue'], Resource: [client, admin, sealing] },
      key(['kms:Decrypt', 'kms:GenerateDataKey'], [client, admin, sealing]),
      {
        Action: ['secretsmanager:RotateSecret', 'secretsmanager:UpdateSecretVersionStage'],
        Resource: [manage, sealing],
      },
      {
        Action: ['lambda:InvokeFunction'],
        Resource: ['Function <env>-gateway-rotate-manage-token', 'Function <env>-gateway-rotate-sealing-key'],
      },
      {
        Action: ['cloudformation:DescribeStacks'],
        Resource: ['foundation', 'gateway'].map(
          (part) => `arn:aws:cloudformation:<region>:<account>:stack/<env>-gateway-${part}/*`,
        ),
      },
      { Action: ['cloudwatch:DescribeAlarms'], Resource: ['arn:aws:cloudwatch:<region>:<account>:alarm:*'] },
      { Action: ['lambda:GetAccountSettings'], Resource: ['*'] },
      {
        Action: ['logs:FilterLogEvents'],
        Resource: Object.keys(matrix)
          .filter((each) => each !== 'api-page-get')
          .map((each) => `LogGroup /aws/lambda/<env>-gateway-${each}`),
      },
    ]);
  });

  test('services may run functions for this account’s own API and secrets alone', () => {
    const permissions = made
      .all('AWS::Lambda::Permission')
      .map(({ Properties }) => plain(made, Properties) as Record<string, string>);
    for (const { Action, SourceAccount, SourceArn } of permissions) {
      expect({ Action, SourceAccount }).toEqual({ Action: 'lambda:InvokeFunction', SourceAccount: '<account>' });
      expect(SourceArn).toBeDefined();
    }
    const invoked = permissions.map(({ FunctionName = '', Principal, SourceArn = '' }) => [
      FunctionName.replace(/^(Function|Alias) (<env>-gateway-)?/, ''),
      Principal,
      SourceArn.replace('arn:aws:execute-api:<region>:<account>:', ''),
    ]);
    const warm = name === 'everything' ? 'live' : 'auth-init-post';
    expect(invoked.toSorted(byText)).toEqual(
      [
        api('admin-jwt-post', 'POST', '/admin/jwt'),
        api(warm, 'POST', '/auth/init'),
        api('auth-jwt-post', 'POST', '/auth/jwt'),
        api('auth-token-access-post', 'POST', '/auth/token/access'),
        api('auth-token-code-get', 'GET', '/auth/token/code'),
        api('auth-token-code-get', 'POST', '/auth/token/code'),
        api('auth-token-delete', 'DELETE', '/auth/token'),
        api('certificate-type-get', 'GET', '/certificate/{type}'),
        api('hash-delete', 'DELETE', '/hash'),
        api('users-id-user-delete', 'DELETE', '/users/{id_user}'),
        api('users-id-user-get', 'GET', '/users/{id_user}'),
        api('users-id-user-token-post', 'POST', '/users/{id_user}/token'),
        api('webauth-get', 'GET', '/webauth'),
        api('webauth-callback-get', 'GET', '/webauth/callback'),
        ...(made.settings.apiPage
          ? ['/docs', '/docs/scalar.js', '/openapi.json'].map((path) => fromRoot('api-page-get', 'GET', path))
          : []),
        ['rotate-manage-token', 'secretsmanager.amazonaws.com', manage],
        ['rotate-sealing-key', 'secretsmanager.amazonaws.com', sealing],
      ].toSorted(byText),
    );
  });

  test('nothing of another environment is named', () => {
    const others = ['dev', 'staging', 'prod', 'everything', 'local'].filter((other) => other !== name);
    const text = JSON.stringify([made.foundation, made.gateway]);
    for (const other of others) expect(text).not.toMatch(new RegExp(`\\b${other}(-gateway|/budgea|/gateway)`));
  });
});

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

function functionsOf({ name, all }: Synthesized): { shortName: string; resource: Resource }[] {
  return all('AWS::Lambda::Function').map((resource) => ({
    shortName: String(resource.Properties['FunctionName']).replace(`${name}-gateway-`, ''),
    resource,
  }));
}

function roleId({ Properties }: Resource): string {
  const [id] = (Properties['Role'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'];
  return id;
}

function propertiesOf(resource: Resource | undefined): Record<string, unknown> {
  expect(resource).toBeDefined();
  return resource?.Properties ?? {};
}

function trust(Principal: object, Condition?: object): object {
  const statement = { Action: 'sts:AssumeRole', Effect: 'Allow', Principal, ...(Condition && { Condition }) };
  return { Statement: [statement], Version: '2012-10-17' };
}

/** The statements of all policies, in plain words; each allows something. */
function statementsOf(made: Synthesized, policies: unknown): unknown[] {
  const documents = plain(made, policies) as { PolicyDocument: { Statement: ({ Effect: string } & Statement)[] } }[];
  return documents.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map(({ Effect, Action, Resource: on, ...conditions }) => {
      expect(Effect).toBe('Allow');
      return { Action: [Action].flat(), Resource: [on].flat(), ...conditions };
    }),
  );
}

/** In words that are the same for every environment. */
function plain({ name, settings, readable }: Synthesized, value: unknown): unknown {
  const text = JSON.stringify(readable(value))
    .replaceAll('Secret ', '')
    .replaceAll(`Table ${name}-gateway`, 'the table')
    .replaceAll('"Key"', '"the key"')
    .replaceAll(new RegExp(`\\b${name}(?=[-/])`, 'g'), '<env>')
    .replaceAll(new RegExp(`\\b(Region|${settings.region})\\b`, 'g'), '<region>')
    .replaceAll(/\b(AccountId|123456789012)\b/g, '<account>')
    .replaceAll('arn:Partition:', 'arn:aws:');
  return JSON.parse(text);
}
