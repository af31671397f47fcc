import { describe, expect, test } from 'vitest';
import { functionName, type ItemCall } from '#lib/operations/table.ts';
import { expectations, type Expectation } from '../operations/expectations.ts';
import { routesOf } from './routes.ts';
import { synthesizeAll, type Synthesized } from './synthesized.ts';

// The permissions and variables of every function. Those of operations are in test/operations/expectations.ts, which is written by hand.

type Statement = Record<'Action' | 'Resource', unknown> & { Condition?: unknown };

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
const items = (calls: Record<string, string[]>) =>
  Object.entries(calls).map(([call, kinds]) => ({
    Action: [`dynamodb:${call}`],
    Resource: ['the table'],
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  }));
const reportsFailure = [{ Action: ['sqs:SendMessage'], Resource: ['Queue <env>-gateway-failed-runs'] }];

const client = '<env>/budgea/client-credentials';
const admin = '<env>/budgea/admin-token';
const manage = '<env>/budgea/manage-token';
const sealing = '<env>/gateway/sealing-keys';

const secretNames = {
  'client-credentials': client,
  'admin-token': admin,
  'manage-token': manage,
  'sealing-keys': sealing,
} as const;

const nothing: Statement[] = [];

const itemActions: Record<ItemCall, string> = {
  get: 'GetItem',
  put: 'PutItem',
  update: 'UpdateItem',
  delete: 'DeleteItem',
};

const ofOperation = ({ secrets = [], items: calls = {} }: Expectation): Statement[] => [
  ...(secrets.length > 0 ? reads(...secrets.map((secret) => secretNames[secret])) : []),
  ...items(
    Object.fromEntries(Object.entries(calls).map(([call, kinds]) => [itemActions[call as ItemCall], [...kinds]])),
  ),
];

const ofOperations = <T>(expected: (expectation: Expectation) => T): Record<string, T> =>
  Object.fromEntries(
    Object.entries(expectations).map(([id, expectation]) => [functionName(id), expected(expectation)]),
  );

const permissions: Record<string, Statement[]> = {
  ...ofOperations(ofOperation),
  'api-page-get': nothing,
  'rotate-manage-token': [...reads(admin), ...rotates(manage)],
  'rotate-sealing-key': rotates(sealing),
  'fetch-certificates': [
    ...reads(manage),
    ...items({ GetItem: ['CERTIFICATE'], PutItem: ['CERTIFICATE'], UpdateItem: ['CERTIFICATE'] }),
    ...reportsFailure,
  ],
  watch: [
    ...reads(manage),
    ...lists(client, admin, manage, sealing),
    ...items({ GetItem: ['CERTIFICATE'] }),
    ...reportsFailure,
  ],
};

/** The permissions that all functions have: they write their own log, and traces. */
const observability = (name: string) => [
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
const variables: Record<string, string[]> = {
  ...ofOperations(({ secrets = [], items: calls, settings = [] }) => [
    ...(calls === undefined ? [] : ['TABLE_NAME']),
    ...secrets.map((secret) => secretVariables[secretNames[secret]]),
    ...settings,
  ]),
  'api-page-get': ['GATEWAY_URL'],
  'rotate-manage-token': [secretVariables[admin], secretVariables[manage], 'MANAGE_SCOPE', 'ROTATION_MINUTES'],
  'rotate-sealing-key': [secretVariables[sealing]],
  'fetch-certificates': ['TABLE_NAME', secretVariables[manage], 'CERTIFICATE_TYPES'],
  watch: ['TABLE_NAME', ...Object.values(secretVariables), 'CERTIFICATE_TYPES'],
};

describe.each(synthesizeAll())('in $name', (environment) => {
  const { name, settings, all, gateway } = environment;
  const roles = new Map(Object.entries(gateway.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role'));
  const functions = all('AWS::Lambda::Function').map(({ Properties }) => ({
    shortName: String(Properties['FunctionName']).replace(`${name}-gateway-`, ''),
    variables: Object.keys((Properties['Environment'] as { Variables: object }).Variables),
    roleId: (Properties['Role'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0],
  }));
  /** Without the functions that the environment does not have. */
  const existing = <T>(rows: Readonly<Record<string, T>>): [string, T][] =>
    Object.entries(rows).filter(([each]) => settings.apiPage || each !== 'api-page-get');

  test('every function has the permissions for its needs, and no others', () => {
    const actual = functions.map(({ shortName, roleId }) => {
      const { Policies, ...role } = roles.get(roleId)?.Properties ?? {};
      expect(role).not.toHaveProperty('ManagedPolicyArns');
      expect(role['AssumeRolePolicyDocument']).toEqual(trust({ Service: 'lambda.amazonaws.com' }));
      return [shortName, statementsOf(environment, Policies)];
    });
    const expected = existing<unknown[]>(permissions).map(([each, statements]) => [
      each,
      [...statements, ...observability(each)],
    ]);
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
  });

  test('every function has its own role, and no policy is attached to a role', () => {
    expect(new Set(functions.map(({ roleId }) => roleId)).size).toBe(functions.length);
    expect(all('AWS::IAM::Policy')).toEqual([]);
    expect(roles.size).toBe(functions.length + 2);
  });

  test('every function has the variables for its needs, and no others', () => {
    const actual = functions.map((each) => [each.shortName, new Set(each.variables)]);
    const expected = existing(variables).map(([each, names]) => [
      each,
      new Set(['BUDGEA_URL', 'ENVIRONMENT', ...names]),
    ]);
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
  });

  test('only schedules of this account can run the two jobs', () => {
    const schedulerRoles = [...roles.values()].filter(({ Properties }) =>
      JSON.stringify(Properties['AssumeRolePolicyDocument']).includes('scheduler'),
    );
    expect(schedulerRoles.map(({ Properties }) => statementsOf(environment, Properties['Policies']))).toEqual(
      ['fetch-certificates', 'watch'].map((job) => [
        { Action: ['lambda:InvokeFunction'], Resource: [`Function <env>-gateway-${job}`] },
        { Action: ['sqs:SendMessage'], Resource: ['Queue <env>-gateway-undelivered-runs'] },
      ]),
    );
    const StringEquals = { 'aws:SourceAccount': '<account>', 'aws:SourceArn': 'ScheduleGroup <env>-gateway-jobs' };
    for (const { Properties } of schedulerRoles) {
      expect(normalized(environment, Properties['AssumeRolePolicyDocument'])).toEqual(
        trust({ Service: 'scheduler.amazonaws.com' }, { StringEquals }),
      );
    }
  });

  test('operators have the permissions of the command line, and cannot read secrets', () => {
    expect(
      statementsOf(
        environment,
        all('AWS::IAM::ManagedPolicy').map(({ Properties }) => Properties),
      ),
    ).toEqual([
      ...items({ GetItem: ['PARTNER', 'KEY_USE', 'USER', 'CERTIFICATE'], PutItem: ['PARTNER', 'USER'] }),
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
        Resource: Object.keys(permissions)
          .filter((each) => each !== 'api-page-get')
          .map((each) => `LogGroup /aws/lambda/<env>-gateway-${each}`),
      },
    ]);
  });

  test('services can invoke functions for the API and the secrets of this account only', () => {
    const invocations = all('AWS::Lambda::Permission').map(({ Properties }) => {
      const { Action, FunctionName, Principal, SourceAccount, SourceArn } = normalized(
        environment,
        Properties,
      ) as Record<string, string>;
      expect({ Action, SourceAccount }).toEqual({ Action: 'lambda:InvokeFunction', SourceAccount: '<account>' });
      return [
        FunctionName?.replace(/^(Function|Alias) (<env>-gateway-)?/, ''),
        Principal,
        SourceArn?.replace('arn:aws:execute-api:<region>:<account>:', ''),
      ];
    });
    const routes = { ...routesOf(environment), ...(name === 'everything' && { 'POST /2.0/auth/init': 'live' }) };
    const expected = [
      ...Object.entries(routes).map(([route, target]) => [
        target,
        'apigateway.amazonaws.com',
        `Api <env>-gateway-api/*/${route.replace(' ', '')}`,
      ]),
      ['rotate-manage-token', 'secretsmanager.amazonaws.com', manage],
      ['rotate-sealing-key', 'secretsmanager.amazonaws.com', sealing],
    ];
    expect(invocations.map(String).toSorted()).toEqual(expected.map(String).toSorted());
  });

  test('no template names another environment', () => {
    const others = ['dev', 'staging', 'prod', 'everything', 'local'].filter((other) => other !== name);
    const text = JSON.stringify([environment.foundation, gateway]);
    for (const other of others) expect(text).not.toMatch(new RegExp(`\\b${other}(-gateway|/budgea|/gateway)`));
  });
});

function trust(Principal: object, Condition?: object): object {
  const statement = { Action: 'sts:AssumeRole', Effect: 'Allow', Principal, ...(Condition && { Condition }) };
  return { Statement: [statement], Version: '2012-10-17' };
}

/** The normalized statements of all policies, each of which has to allow something. */
function statementsOf(environment: Synthesized, policies: unknown): unknown[] {
  const documents = normalized(environment, policies) as {
    PolicyDocument: { Statement: ({ Effect: string } & Statement)[] };
  }[];
  return documents.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map(({ Effect, Action, Resource, ...conditions }) => {
      expect(Effect).toBe('Allow');
      return { Action: [Action].flat(), Resource: [Resource].flat(), ...conditions };
    }),
  );
}

/** A readable value that is the same in every environment. */
function normalized({ name, settings, readable }: Synthesized, value: unknown): unknown {
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
