import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resourceName } from '#infra/names.ts';
import { alarmMetricsOf } from '#tools/cost/model.ts';
import { operationRoutes, routesOf } from './routes.ts';
import { synthesizeAll, type Synthesized } from './synthesized.ts';

const environments = synthesizeAll();
const [everything] = environments;

const jobNames = ['rotate-manage-token', 'rotate-sealing-key', 'fetch-certificates', 'watch'];

const functionsOf = (environment: Synthesized) => [...new Set(Object.values(routesOf(environment))), ...jobNames];

interface Lambda extends Record<string, unknown> {
  FunctionName: string;
  Environment: { Variables: Record<string, string> };
}

/** The functions of an environment by their short names. */
function lambdasOf({ name, properties }: Synthesized): Record<string, Lambda> {
  const lambdas = properties('AWS::Lambda::Function') as Lambda[];
  return Object.fromEntries(
    lambdas.map((lambda) => [lambda.FunctionName.slice(resourceName(name, '').length), lambda]),
  );
}

const variablesOf = (environment: Synthesized, name: string) => lambdasOf(environment)[name]?.Environment.Variables;

describe.each(environments)('the API of $name', (environment) => {
  const { name, settings, all, property, readable, gateway } = environment;
  const routes = routesOf(environment);

  test('has every route of the tables', () => {
    const targets = all('AWS::ApiGatewayV2::Route').map(({ Properties: { RouteKey, Target } }) => {
      const [, [, { Ref: id }]] = (Target as { 'Fn::Join': [string, [string, { Ref: string }]] })['Fn::Join'];
      const integration = readable(gateway.Resources[id]?.Properties) as Record<string, unknown>;
      expect(integration).toMatchObject({
        IntegrationType: 'AWS_PROXY',
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 30_000,
      });
      return [RouteKey, String(integration['IntegrationUri']).replace(`Function ${name}-gateway-`, '')];
    });
    const provisioned = name === 'everything' ? { 'POST /2.0/auth/init': 'Alias live' } : {};
    expect(Object.fromEntries(targets)).toEqual({ ...routes, ...provisioned });
  });

  test('throttles every route, and logs no value that a caller chooses', () => {
    const stage = property('AWS::ApiGatewayV2::Stage');
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

  test('has one URL, which its functions receive', () => {
    const { domain, budgeaUrl } = settings;
    expect(property('AWS::ApiGatewayV2::Api')).toMatchObject({
      ProtocolType: 'HTTP',
      DisableExecuteApiEndpoint: domain !== undefined,
    });
    const url = `https://${domain?.name ?? `Api ${name}-gateway-api.execute-api.Region.URLSuffix`}/2.0`;
    expect(readable(gateway.Outputs)).toMatchObject({
      GatewayUrl: { Value: url },
      CallbackUrl: { Value: `${url}/webauth/callback` },
    });
    for (const each of ['webauth-get', 'auth-token-access-post']) {
      expect(variablesOf(environment, each)).toMatchObject({ GATEWAY_URL: url, BUDGEA_URL: budgeaUrl });
    }
  });
});

test('by default there is no domain, and no CORS', () => {
  for (const { all, property } of environments.filter(({ settings }) => settings.domain === undefined)) {
    expect(all('AWS::ApiGatewayV2::DomainName')).toEqual([]);
    expect(property('AWS::ApiGatewayV2::Api')).not.toHaveProperty('CorsConfiguration');
  }
});

test('a domain requires TLS 1.2 and has DNS records; configured origins can read responses', () => {
  const { property, properties } = everything;
  expect(property('AWS::ApiGatewayV2::DomainName')).toMatchObject({
    DomainName: 'gateway.example.com',
    DomainNameConfigurations: [{ SecurityPolicy: 'TLS_1_2', EndpointType: 'REGIONAL' }],
  });
  expect(property('AWS::ApiGatewayV2::ApiMapping')).toMatchObject({ Stage: 'Stage' });
  expect(properties('AWS::Route53::RecordSet').map(({ Name, Type }) => [Name, Type])).toEqual([
    ['gateway.example.com', 'A'],
    ['gateway.example.com', 'AAAA'],
  ]);
  expect(property('AWS::ApiGatewayV2::Api')['CorsConfiguration']).toEqual({
    AllowOrigins: ['https://app.example.com', 'https://localhost:8443'],
    AllowMethods: ['GET', 'POST', 'DELETE'],
    AllowHeaders: ['authorization', 'content-type', 'traceparent', 'x-api-key'],
    ExposeHeaders: ['retry-after', 'x-request-id'],
    AllowCredentials: false,
    MaxAge: 3600,
  });
});

describe.each(environments)('the functions of $name', (environment) => {
  const { name, settings, properties } = environment;
  const names = functionsOf(environment);
  const lambdas = lambdasOf(environment);

  test('are those of the tables', () => {
    expect(Object.keys(lambdas).toSorted()).toEqual(names.toSorted());
    for (const [each, lambda] of Object.entries(lambdas)) {
      expect(lambda).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        Timeout: jobNames.includes(each) ? 60 : 29,
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: `LogGroup /aws/lambda/${name}-gateway-${each}` },
      });
    }
  });

  test('have the configured memory and concurrency', () => {
    const memory = Object.fromEntries(Object.entries(lambdas).map(([each, { MemorySize }]) => [each, MemorySize]));
    const reserved = names.filter((each) => 'ReservedConcurrentExecutions' in (lambdas[each] ?? {}));
    const provisioned = properties('AWS::Lambda::Alias').map((alias) => alias['ProvisionedConcurrencyConfig']);
    const ownMemory = name === 'everything' ? { 'auth-init-post': 1024, 'fetch-certificates': 256 } : {};
    expect(memory).toEqual({ ...Object.fromEntries(names.map((each) => [each, settings.memory])), ...ownMemory });
    expect(reserved).toEqual(Object.keys(ownMemory));
    expect(provisioned).toEqual(name === 'everything' ? [{ ProvisionedConcurrentExecutions: 2 }] : []);
  });

  test('have logs with the configured retention', () => {
    const retentions = properties('AWS::Logs::LogGroup').map(({ RetentionInDays }) => RetentionInDays);
    expect(retentions).toEqual(Array.from([...names, 'access'], () => settings.logRetentionDays));
  });
});

test('functions receive the settings of their environment', () => {
  expect(variablesOf(everything, 'auth-init-post')).toMatchObject({
    ENVIRONMENT: 'everything',
    TABLE_NAME: 'everything-gateway',
    ALLOW_ANONYMOUS_INIT: 'true',
    SECRET_CLIENT_CREDENTIALS: 'Secret everything/budgea/client-credentials',
  });
  expect(variablesOf(everything, 'rotate-manage-token')).toMatchObject({
    MANAGE_SCOPE: 'config',
    ROTATION_MINUTES: '1440',
  });
  expect(variablesOf(everything, 'watch')).toMatchObject({ CERTIFICATE_TYPES: 'qwac' });
});

describe.each(environments)('the data of $name', ({ name, settings, stage, all, property, properties }) => {
  test('secrets have no value, and are encrypted with the key of the environment', () => {
    const secrets = properties('AWS::SecretsManager::Secret');
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

  test('the key is rotated, and trusts this account and the alarms of this environment', () => {
    const { EnableKeyRotation, KeyPolicy } = property('AWS::KMS::Key');
    const account = settings.account ?? 'AccountId';
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

  test('the table is on demand, encrypted, recoverable and protected from deletion', () => {
    expect(property('AWS::DynamoDB::Table')).toMatchObject({
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

  test('in production, data and logs outlive their stacks, which are protected from termination', () => {
    const types = ['AWS::DynamoDB::Table', 'AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'];
    const policies = types.flatMap((type) => all(type).map(({ DeletionPolicy }) => DeletionPolicy));
    const { production } = settings;
    expect(new Set(policies)).toEqual(new Set([production ? 'RetainExceptOnCreate' : 'Delete']));
    const { foundation, gateway } = stage;
    expect([foundation.terminationProtection, gateway.terminationProtection]).toEqual([production, production]);
  });

  test('the stack with data does not depend on the other', () => {
    expect(stage.foundation.dependencies).toEqual([]);
    expect(stage.gateway.dependencies).toEqual([stage.foundation]);
  });
});

describe.each(environments)('the schedules of $name', ({ name, settings, properties }) => {
  const rotation = (secret: string, job: string, ScheduleExpression: string) => ({
    SecretId: `Secret ${name}/${secret}`,
    RotationLambdaARN: `Function ${name}-gateway-${job}`,
    RotateImmediatelyOnUpdate: false,
    RotationRules: { ScheduleExpression, Duration: '1h' },
  });
  const scheduled = (job: string, ScheduleExpression: string, age: number) => ({
    Name: `${name}-gateway-${job}`,
    ScheduleExpression,
    Target: {
      Arn: `Function ${name}-gateway-${job}`,
      RoleArn: 'Role',
      Input: '{}',
      RetryPolicy: { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: 5 },
      DeadLetterConfig: { Arn: `Queue ${name}-gateway-undelivered-runs` },
    },
  });
  const failing = (job: string, age: number, retries: number) => ({
    FunctionName: `Function ${name}-gateway-${job}`,
    Qualifier: '$LATEST',
    MaximumEventAgeInSeconds: age,
    MaximumRetryAttempts: retries,
    DestinationConfig: { OnFailure: { Destination: `Queue ${name}-gateway-failed-runs` } },
  });

  test('secrets are rotated by their functions, and not during a deployment', () => {
    const { rotateSealingKeysDays: days, rotateManageTokenHours: hours } = settings;
    expect(properties('AWS::SecretsManager::RotationSchedule')).toEqual([
      rotation('budgea/manage-token', 'rotate-manage-token', hours === 24 ? 'rate(1 day)' : `rate(${hours} hours)`),
      rotation('gateway/sealing-keys', 'rotate-sealing-key', days === 1 ? 'rate(1 day)' : `rate(${days} days)`),
    ]);
  });

  test('jobs run, and queues receive undelivered and failed runs', () => {
    const { fetchCertificatesHours: hours } = settings;
    expect(properties('AWS::Scheduler::Schedule')).toMatchObject([
      scheduled('fetch-certificates', hours === 1 ? 'rate(1 hour)' : `rate(${hours} hours)`, 3600),
      scheduled('watch', 'rate(5 minutes)', 300),
    ]);
    expect(properties('AWS::Lambda::EventInvokeConfig')).toEqual([
      failing('fetch-certificates', 3600, 2),
      failing('watch', 300, 0),
    ]);
    for (const queue of properties('AWS::SQS::Queue')) {
      expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 });
    }
  });
});

const hour = 3600;
const atLeast = 'GreaterThanOrEqualToThreshold';

/** A metric that is reported all the time: missing data is treated as breaching. */
const gauge = (metric: string, threshold: number, operator = atLeast) => [metric, threshold, operator, 'breaching'];

/** A metric that counts: missing data is treated as not breaching. */
const count = (metric: string | undefined, threshold: number) => [metric, threshold, atLeast, 'notBreaching'];

interface Alarm extends Record<string, unknown> {
  AlarmName: string;
  MetricName?: string;
  /** Of an alarm on an expression: the expression, and the metrics in it. */
  Metrics?: { MetricStat?: object }[];
}

const alarmsOf = ({ properties }: Synthesized) => properties('AWS::CloudWatch::Alarm') as Alarm[];

describe.each(environments)('the alarms of $name', (environment) => {
  const { name, settings, property, properties } = environment;
  const alarms = alarmsOf(environment);

  test('have these metrics and thresholds', () => {
    const rotation = settings.rotateManageTokenHours * hour;
    const expected = {
      'failing-calls': count(undefined, 5),
      'slow-calls': count('Latency', 5000),
      'throttled-calls': count('ThrottledCalls', 10),
      'credential-rejected': count('CredentialRejected', 1),
      'ownership-conflict': count('OwnershipConflict', 1),
      'undo-failed': count('UndoFailed', 1),
      'unexpected-user': count('UnexpectedUser', 1),
      ...Object.fromEntries(functionsOf(environment).map((each) => [`${each}-throttled`, count('Throttles', 1)])),
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
    const actual = alarms.map(({ AlarmName, MetricName, Threshold, ComparisonOperator, TreatMissingData }) => [
      AlarmName.replace(`${name}-gateway-`, ''),
      [MetricName, Threshold, ComparisonOperator, TreatMissingData],
    ]);
    expect(Object.fromEntries(actual)).toEqual(expected);
  });

  test('notify the topic of the alarm and of the recovery, and have a description', () => {
    for (const { AlarmActions, OKActions, AlarmDescription } of alarms) {
      expect([AlarmActions, OKActions]).toEqual([[`Topic ${name}-gateway-alarms`], [`Topic ${name}-gateway-alarms`]]);
      expect(AlarmDescription).toMatch(/\w.{30,}\.$/);
    }
    const subscriptions = properties('AWS::SNS::Subscription').map(({ Protocol, Endpoint }) => [Protocol, Endpoint]);
    expect(subscriptions).toEqual(settings.alarmEmail === undefined ? [] : [['email', settings.alarmEmail]]);
    expect(property('AWS::SNS::Topic')).toMatchObject({ KmsMasterKeyId: 'Key' });
  });

  test('have as many metrics as the cost model has', () => {
    const metrics = alarms.flatMap(({ Metrics = [{ MetricStat: {} }] }) => Metrics.filter((each) => each.MetricStat));
    expect(metrics).toHaveLength(alarmMetricsOf(settings));
  });

  test('the dashboard has every operation, every secret and every partner', () => {
    const body = JSON.stringify(property('AWS::CloudWatch::Dashboard'));
    const operations = Object.values(operationRoutes).map((each) => each.replaceAll('-', '_'));
    const secrets = ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'];
    for (const text of [...operations, ...secrets, 'upstream_ms', 'by partner']) expect(body).toContain(text);
  });
});

/** An entry for several alarms has a placeholder in angle brackets. */
const matches = (entry: string, alarm: string) =>
  new RegExp(`^${entry.replaceAll(/<\w+>/g, '[a-z0-9_-]+')}$`).test(alarm);

describe('the runbook', () => {
  const headings = readFileSync('docs/runbook.md', 'utf8').match(/^## .*$/gm) ?? [];
  const entries = headings.flatMap((heading) => [...heading.matchAll(/`([^`]+)`/g)].map(([, entry = '']) => entry));
  const alarms = environments.flatMap((environment) =>
    alarmsOf(environment).map(({ AlarmName }) => AlarmName.slice(resourceName(environment.name, '').length)),
  );

  test.each([...new Set(alarms)])('has one entry for %s', (alarm) => {
    expect(entries.filter((entry) => matches(entry, alarm))).toHaveLength(1);
  });

  test.each(entries)('has an entry for %s, which is an alarm', (entry) => {
    expect(alarms.some((alarm) => matches(entry, alarm))).toBe(true);
  });
});
