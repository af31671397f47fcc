import { describe, expect, test } from 'vitest';
import { synthesizeAll, type Synthesized } from './synthesized.ts';

const every = synthesizeAll();
const [everything] = every;
const named = every.map((made) => [made.name, made] as const);

const operationRoutes = {
  'POST /2.0/admin/jwt': 'admin-jwt-post',
  'POST /2.0/auth/init': 'auth-init-post',
  'POST /2.0/auth/jwt': 'auth-jwt-post',
  'POST /2.0/auth/token/access': 'auth-token-access-post',
  'GET /2.0/auth/token/code': 'auth-token-code-get',
  'POST /2.0/auth/token/code': 'auth-token-code-get',
  'DELETE /2.0/auth/token': 'auth-token-delete',
  'GET /2.0/certificate/{type}': 'certificate-type-get',
  'DELETE /2.0/hash': 'hash-delete',
  'GET /2.0/users/{id_user}': 'users-id-user-get',
  'DELETE /2.0/users/{id_user}': 'users-id-user-delete',
  'POST /2.0/users/{id_user}/token': 'users-id-user-token-post',
  'GET /2.0/webauth': 'webauth-get',
  'GET /2.0/webauth/callback': 'webauth-callback-get',
};
const jobNames = ['rotate-manage-token', 'rotate-sealing-key', 'fetch-certificates', 'watch'];

/** The routes that an environment has, and their functions. */
function routesIn({ settings }: Synthesized): Record<string, string> {
  const shown = Object.fromEntries(
    ['/docs', '/docs/scalar.js', '/openapi.json'].map((path) => [`GET ${path}`, 'api-page-get']),
  );
  return settings.apiPage ? { ...operationRoutes, ...shown } : operationRoutes;
}

function functionsIn(made: Synthesized): string[] {
  return [...new Set(Object.values(routesIn(made))), ...jobNames];
}

/** The properties of all resources of a type, in plain words. */
function properties({ all, readable }: Synthesized, type: string): Record<string, unknown>[] {
  return all(type).map(({ Properties }) => readable(Properties) as Record<string, unknown>);
}

/** The properties of the one resource of a type, in plain words. */
function property({ only, readable }: Synthesized, type: string): Record<string, unknown> {
  return readable(only(type).Properties) as Record<string, unknown>;
}

describe.each(named)('the API of %s', (name, made) => {
  const { settings } = made;
  const routes = routesIn(made);

  test('has every route of the table, on its function', () => {
    const integrations = new Map(
      Object.entries(made.gateway.Resources).filter(([, { Type }]) => Type === 'AWS::ApiGatewayV2::Integration'),
    );
    const served = made.all('AWS::ApiGatewayV2::Route').map(({ Properties }) => {
      const [, [, { Ref: id }]] = (Properties['Target'] as { 'Fn::Join': [string, [string, { Ref: string }]] })[
        'Fn::Join'
      ];
      const { IntegrationUri, ...integration } = made.readable(integrations.get(id)?.Properties) as Record<
        string,
        unknown
      >;
      expect(integration).toMatchObject({
        IntegrationType: 'AWS_PROXY',
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 30_000,
      });
      return [Properties['RouteKey'], String(IntegrationUri).replace(`Function ${name}-gateway-`, '')];
    });
    const warm = name === 'everything' ? { 'POST /2.0/auth/init': 'Alias live' } : {};
    expect(Object.fromEntries(served)).toEqual({ ...routes, ...warm });
  });

  test('has limits on every route, and logs nothing that a caller chose', () => {
    const stage = property(made, 'AWS::ApiGatewayV2::Stage');
    const log = stage['AccessLogSettings'] as { DestinationArn: string; Format: string };
    const { requestsPerSecond, burst } = settings.throttling;
    expect(stage).toMatchObject({ StageName: '$default', AutoDeploy: true });
    expect(stage['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit: requestsPerSecond,
      ThrottlingBurstLimit: burst,
    });
    const limits = { throttlingRateLimit: requestsPerSecond, throttlingBurstLimit: burst };
    const own = name === 'everything' ? { throttlingRateLimit: 5, throttlingBurstLimit: 10 } : limits;
    const anonymous = {
      throttlingRateLimit: settings.anonymousThrottling.requestsPerSecond,
      throttlingBurstLimit: settings.anonymousThrottling.burst,
    };
    const withoutCredentials = /^GET \/(2\.0\/webauth(\/callback)?|docs(\/scalar\.js)?|openapi\.json)$/;
    expect(stage['RouteSettings']).toEqual({
      ...Object.fromEntries(
        Object.keys(routes).map((route) => [route, withoutCredentials.test(route) ? anonymous : limits]),
      ),
      'POST /2.0/auth/init': own,
    });
    expect(stage['RouteSettings']).toHaveProperty(['GET /2.0/webauth/callback'], anonymous);
    expect(anonymous).not.toEqual(limits);
    expect(log.DestinationArn).toMatch(new RegExp(`:log-group:.*/aws/vendedlogs/${name}-gateway-access$`));
    expect(JSON.parse(log.Format)).toEqual({
      environment: name,
      time: '$context.requestTime',
      request_id: '$context.requestId',
      route: '$context.routeKey',
      status: '$context.status',
      integration_status: '$context.integrationStatus',
      error: '$context.error.responseType',
      integration_error: '$context.integrationErrorMessage',
      latency_ms: '$context.responseLatency',
      integration_latency_ms: '$context.integrationLatency',
      response_bytes: '$context.responseLength',
      ip: '$context.identity.sourceIp',
    });
  });

  test('answers at its own address, and tells its functions which that is', () => {
    const api = property(made, 'AWS::ApiGatewayV2::Api');
    expect(api).toMatchObject({ ProtocolType: 'HTTP', DisableExecuteApiEndpoint: settings.domain !== undefined });
    const url =
      settings.domain === undefined
        ? `https://Api ${name}-gateway-api.execute-api.Region.URLSuffix/2.0`
        : `https://${settings.domain.name}/2.0`;
    const outputs = made.readable(made.gateway.Outputs);
    expect(outputs).toMatchObject({ GatewayUrl: { Value: url }, CallbackUrl: { Value: `${url}/webauth/callback` } });
    for (const told of ['webauth-get', 'auth-token-access-post']) {
      expect(lambda(made, told).Environment.Variables).toMatchObject({
        GATEWAY_URL: url,
        BUDGEA_URL: settings.budgeaUrl,
      });
    }
  });
});

test('without a domain there is none, and no page of another origin may read answers', () => {
  for (const made of every.filter(({ settings }) => settings.domain === undefined)) {
    expect(made.all('AWS::ApiGatewayV2::DomainName')).toEqual([]);
    expect(property(made, 'AWS::ApiGatewayV2::Api')).not.toHaveProperty('CorsConfiguration');
  }
});

test('a domain speaks new TLS and has its records; named origins may read answers', () => {
  expect(property(everything, 'AWS::ApiGatewayV2::DomainName')).toMatchObject({
    DomainName: 'gateway.example.com',
    DomainNameConfigurations: [{ SecurityPolicy: 'TLS_1_2', EndpointType: 'REGIONAL' }],
  });
  expect(property(everything, 'AWS::ApiGatewayV2::ApiMapping')).toMatchObject({ Stage: 'Stage' });
  expect(properties(everything, 'AWS::Route53::RecordSet').map(({ Name, Type }) => [Name, Type])).toEqual([
    ['gateway.example.com', 'A'],
    ['gateway.example.com', 'AAAA'],
  ]);
  expect(property(everything, 'AWS::ApiGatewayV2::Api')['CorsConfiguration']).toEqual({
    AllowOrigins: ['https://app.example.com', 'https://localhost:8443'],
    AllowMethods: ['GET', 'POST', 'DELETE'],
    AllowHeaders: ['authorization', 'content-type', 'traceparent', 'x-api-key'],
    ExposeHeaders: ['retry-after', 'x-request-id'],
    AllowCredentials: false,
    MaxAge: 3600,
  });
});

interface Lambda extends Record<string, unknown> {
  FunctionName: string;
  Environment: { Variables: Record<string, string> };
}

function lambdas(made: Synthesized): Lambda[] {
  return properties(made, 'AWS::Lambda::Function') as Lambda[];
}

function lambda(made: Synthesized, name: string): Lambda {
  const found = lambdas(made).find(({ FunctionName }) => FunctionName === `${made.name}-gateway-${name}`);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
}

const ownMemory = { 'auth-init-post': 1024, 'fetch-certificates': 256 };

describe.each(named)('the functions of %s', (name, made) => {
  const functions = functionsIn(made);

  test('are one for each row, all alike', () => {
    const all = lambdas(made);
    expect(all.map(({ FunctionName }) => FunctionName).toSorted()).toEqual(
      functions.map((each) => `${name}-gateway-${each}`).toSorted(),
    );
    for (const each of functions) {
      expect(lambda(made, each)).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        Timeout: jobNames.includes(each) ? 60 : 29,
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: `LogGroup /aws/lambda/${name}-gateway-${each}` },
      });
    }
  });

  test('have the memory and the containers that the environment gives them', () => {
    const memory = Object.fromEntries(functions.map((each) => [each, lambda(made, each)['MemorySize']]));
    const reserved = functions.filter((each) => 'ReservedConcurrentExecutions' in lambda(made, each));
    const warm = properties(made, 'AWS::Lambda::Alias').map(
      ({ ProvisionedConcurrencyConfig }) => ProvisionedConcurrencyConfig,
    );
    const alike = Object.fromEntries(functions.map((each) => [each, made.settings.memory]));
    const expected =
      name === 'everything'
        ? [{ ...alike, ...ownMemory }, Object.keys(ownMemory), [{ ProvisionedConcurrentExecutions: 2 }]]
        : [alike, [], []];
    expect([memory, reserved, warm]).toEqual(expected);
  });

  test('keep logs as long as the environment says, and no longer', () => {
    const logs = properties(made, 'AWS::Logs::LogGroup');
    expect(logs).toHaveLength(functions.length + 1);
    for (const { RetentionInDays } of logs) expect(RetentionInDays).toBe(made.settings.logRetentionDays);
  });
});

test('functions are told what their environment is set to', () => {
  expect(lambda(everything, 'auth-init-post').Environment.Variables).toMatchObject({
    ENVIRONMENT: 'everything',
    TABLE_NAME: 'everything-gateway',
    ALLOW_ANONYMOUS_INIT: 'true',
    SECRET_CLIENT_CREDENTIALS: 'Secret everything/budgea/client-credentials',
  });
  expect(lambda(everything, 'rotate-manage-token').Environment.Variables).toMatchObject({
    MANAGE_SCOPE: 'config',
    ROTATION_MINUTES: '1440',
  });
  expect(lambda(everything, 'watch').Environment.Variables).toMatchObject({ CERTIFICATE_TYPES: 'qwac' });
});

describe.each(named)('what %s keeps', (name, made) => {
  const { production } = made.settings;

  test('secrets have no value yet, and are encrypted with the environment’s key', () => {
    const secrets = properties(made, 'AWS::SecretsManager::Secret');
    expect(secrets.map(({ Name }) => Name)).toEqual([
      `${name}/budgea/client-credentials`,
      `${name}/budgea/admin-token`,
      `${name}/budgea/manage-token`,
      `${name}/gateway/sealing-keys`,
    ]);
    for (const secret of secrets) {
      expect(secret['KmsKeyId']).toBe('Key');
      expect(secret).not.toHaveProperty('GenerateSecretString');
      expect(secret).not.toHaveProperty('SecretString');
    }
  });

  test('the key turns every year and trusts this account, and this environment’s alarms', () => {
    const { EnableKeyRotation, KeyPolicy } = property(made, 'AWS::KMS::Key');
    const account = made.settings.account ?? 'AccountId';
    expect(EnableKeyRotation).toBe(true);
    expect((KeyPolicy as { Statement: unknown }).Statement).toEqual([
      expect.objectContaining({
        Action: 'kms:*',
        Principal: { AWS: expect.stringMatching(new RegExp(`^arn:[\\w-]+:iam::${account}:root$`)) as string },
      }),
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': expect.stringMatching(new RegExp(`:alarm:${name}-gateway-\\*$`)) as string },
        },
      }),
    ]);
  });

  test('the table is paid by use, encrypted, recoverable and not deleted by mistake', () => {
    expect(property(made, 'AWS::DynamoDB::Table')).toMatchObject({
      TableName: `${name}-gateway`,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        { IndexName: 'partners', KeySchema: [{ AttributeName: 'listed' }, { AttributeName: 'pk' }] },
        { IndexName: 'users', KeySchema: [{ AttributeName: 'owner' }, { AttributeName: 'pk' }] },
      ],
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });

  test('of production, data and logs outlive their stacks, which are not deleted by mistake', () => {
    const kept = ['AWS::DynamoDB::Table', 'AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'];
    const policies = kept.flatMap((type) => made.all(type).map(({ DeletionPolicy }) => DeletionPolicy));
    expect(new Set(policies)).toEqual(new Set([production ? 'RetainExceptOnCreate' : 'Delete']));
    const { foundation, gateway } = made.stage;
    expect([foundation.terminationProtection, gateway.terminationProtection]).toEqual([production, production]);
  });

  test('nothing of it depends on what can be thrown away', () => {
    expect(made.stage.foundation.dependencies).toEqual([]);
    expect(made.stage.gateway.dependencies).toEqual([made.stage.foundation]);
  });
});

/** A rotation on a schedule, which a deployment does not begin. */
const rules = (ScheduleExpression: string) => ({
  RotateImmediatelyOnUpdate: false,
  RotationRules: { ScheduleExpression, Duration: '1h' },
});

const scheduled = (name: string, id: string, ScheduleExpression: string, age: number) => ({
  Name: `${name}-gateway-${id}`,
  ScheduleExpression,
  Target: {
    Arn: `Function ${name}-gateway-${id}`,
    RoleArn: 'Role',
    Input: '{}',
    RetryPolicy: { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: 5 },
    DeadLetterConfig: { Arn: `Queue ${name}-gateway-undelivered-runs` },
  },
});

const failing = (name: string, id: string, age: number, repeats: number) => ({
  FunctionName: `Function ${name}-gateway-${id}`,
  Qualifier: '$LATEST',
  MaximumEventAgeInSeconds: age,
  MaximumRetryAttempts: repeats,
  DestinationConfig: { OnFailure: { Destination: `Queue ${name}-gateway-failed-runs` } },
});

describe.each(named)('the schedules of %s', (name, made) => {
  const { settings } = made;

  test('secrets are rotated by their functions, and not by a deployment', () => {
    const days = settings.rotateSealingKeysDays;
    const hours = settings.rotateManageTokenHours;
    expect(properties(made, 'AWS::SecretsManager::RotationSchedule')).toEqual([
      {
        SecretId: `Secret ${name}/budgea/manage-token`,
        RotationLambdaARN: `Function ${name}-gateway-rotate-manage-token`,
        ...rules(hours === 24 ? 'rate(1 day)' : `rate(${hours} hours)`),
      },
      {
        SecretId: `Secret ${name}/gateway/sealing-keys`,
        RotationLambdaARN: `Function ${name}-gateway-rotate-sealing-key`,
        ...rules(days === 1 ? 'rate(1 day)' : `rate(${days} days)`),
      },
    ]);
  });

  test('jobs run, and a run that comes to nothing is kept', () => {
    const fetching = settings.fetchCertificatesHours;
    expect(properties(made, 'AWS::Scheduler::Schedule')).toMatchObject([
      scheduled(name, 'fetch-certificates', fetching === 1 ? 'rate(1 hour)' : `rate(${fetching} hours)`, 3600),
      scheduled(name, 'watch', 'rate(5 minutes)', 300),
    ]);
    expect(properties(made, 'AWS::Lambda::EventInvokeConfig')).toEqual([
      failing(name, 'fetch-certificates', 3600, 2),
      failing(name, 'watch', 300, 0),
    ]);
    for (const queue of properties(made, 'AWS::SQS::Queue')) {
      expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 });
    }
  });
});

const hour = 3600;

/** What is reported all the time: silence is bad. */
const gauge = (metric: string, threshold: number, operator = 'GreaterThanOrEqualToThreshold') => [
  metric,
  threshold,
  operator,
  'breaching',
];

/** What is counted: silence is good. */
const count = (metric: string | undefined, threshold: number) => [
  metric,
  threshold,
  'GreaterThanOrEqualToThreshold',
  'notBreaching',
];

interface Alarm extends Record<string, unknown> {
  AlarmName: string;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData: string;
  MetricName?: string;
}

describe.each(named)('the alarms of %s', (name, made) => {
  const { settings } = made;
  const alarms = properties(made, 'AWS::CloudWatch::Alarm') as Alarm[];

  test('there is one for everything that someone has to know', () => {
    const rotation = settings.rotateManageTokenHours * hour;
    const expected = {
      'failing-calls': count(undefined, 5),
      'slow-calls': count('Latency', 5000),
      'throttled-calls': count('ThrottledCalls', 10),
      'credential-rejected': count('CredentialRejected', 1),
      'ownership-conflict': count('OwnershipConflict', 1),
      'undo-failed': count('UndoFailed', 1),
      'unexpected-user': count('UnexpectedUser', 1),
      ...Object.fromEntries(functionsIn(made).map((each) => [`${each}-throttled`, count('Throttles', 1)])),
      ...Object.fromEntries(jobNames.map((each) => [`${each}-failing`, count('Errors', 1)])),
      'manage-token-overdue': gauge('secret_age_s', 1.5 * rotation),
      'sealing-keys-overdue': gauge('secret_age_s', 1.5 * 24 * hour * settings.rotateSealingKeysDays),
      'manage-token-expiring': gauge('manage_token_life_s', rotation, 'LessThanThreshold'),
      ...Object.fromEntries(
        settings.certificateTypes.map((type) => [
          `certificate-${type}-stale`,
          gauge('certificate_age_s', (2 * settings.fetchCertificatesHours + 0.5) * hour),
        ]),
      ),
      'undelivered-runs': count('ApproximateNumberOfMessagesVisible', 1),
      'failed-runs': count('ApproximateNumberOfMessagesVisible', 1),
    };
    const found = alarms.map(({ AlarmName, MetricName, Threshold, ComparisonOperator, TreatMissingData }) => [
      AlarmName.replace(`${name}-gateway-`, ''),
      [MetricName, Threshold, ComparisonOperator, TreatMissingData],
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  test('each tells when it begins and when it is over, and says what to do', () => {
    for (const { AlarmActions, OKActions, AlarmDescription } of alarms) {
      expect([AlarmActions, OKActions]).toEqual([[`Topic ${name}-gateway-alarms`], [`Topic ${name}-gateway-alarms`]]);
      expect(AlarmDescription).toMatch(/\w.{30,}\.$/);
    }
    const subscribed = properties(made, 'AWS::SNS::Subscription').map(({ Protocol, Endpoint }) => [Protocol, Endpoint]);
    expect(subscribed).toEqual(settings.alarmEmail === undefined ? [] : [['email', settings.alarmEmail]]);
    expect(property(made, 'AWS::SNS::Topic')).toMatchObject({ KmsMasterKeyId: 'Key' });
  });

  test('the dashboard shows every operation, every secret and every partner', () => {
    const body = JSON.stringify(property(made, 'AWS::CloudWatch::Dashboard'));
    const operations = Object.values(operationRoutes).map((each) => each.replaceAll('-', '_'));
    const secrets = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'];
    for (const shown of [...operations, ...secrets, 'upstream_ms', 'by partner']) expect(body).toContain(shown);
  });
});
