import { App, Stack, type CfnResource } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { checks } from '#infra/checks/checks.ts';
import { synthesizeAll } from './synthesized.ts';

test.each(synthesizeAll())('$name passes all checks', ({ app }) => {
  for (const pack of checks(app)) expect(pack.validateScope(app)).toEqual({ success: true, violations: [] });
});

type Create = (stack: Stack) => CfnResource;

const policy = (Action: string | string[], Resource: string | string[]) => ({
  policyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] },
});
const role =
  (properties: object): Create =>
  (stack) =>
    new CfnRole(stack, 'Role', { assumeRolePolicyDocument: {}, policies: [], ...properties });
const allowing = (action: string | string[], resource: string | string[]) =>
  role({ policies: [{ policyName: 'policy', ...policy(action, resource) }] });
const permission =
  (properties: object): Create =>
  (stack) =>
    new CfnPermission(stack, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: 'function',
      principal: 'apigateway.amazonaws.com',
      ...properties,
    });
const limits = { throttlingRateLimit: 1, throttlingBurstLimit: 1 };
const stage =
  (properties: object): Create =>
  (stack) => {
    const { routeKey } = new apigateway.CfnRoute(stack, 'Route', { apiId: 'api', routeKey: 'GET /' });
    return new apigateway.CfnStage(stack, 'Stage', {
      apiId: 'api',
      stageName: '$default',
      accessLogSettings: { format: '{"route":"$context.routeKey"}' },
      routeSettings: { [routeKey]: limits },
      ...properties,
    });
  };
const logging = (format: string) => stage({ accessLogSettings: { format } });
const api =
  (properties: object): Create =>
  (stack) =>
    new apigateway.CfnApi(stack, 'Api', properties);
const cors = (corsConfiguration: object) => api({ corsConfiguration });
const domain =
  (securityPolicy: string): Create =>
  (stack) =>
    new apigateway.CfnDomainName(stack, 'Domain', {
      domainName: 'gateway.example.com',
      domainNameConfigurations: [{ securityPolicy }],
    });
const alarm =
  (properties: object): Create =>
  (stack) =>
    new CfnAlarm(stack, 'Alarm', {
      comparisonOperator: 'LessThanThreshold',
      evaluationPeriods: 1,
      alarmActions: ['topic'],
      okActions: ['topic'],
      alarmDescription: 'A description.',
      treatMissingData: 'breaching',
      ...properties,
    });
const secret =
  (properties: object): Create =>
  (stack) =>
    new CfnSecret(stack, 'Secret', { kmsKeyId: 'key', ...properties });

/** The rules of the project that a stack with these resources violates. */
function violated(...create: Create[]): string[] {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  for (const each of create) each(stack);
  const { violations } = checks(app).at(-1)?.validateScope(app) ?? { violations: [] };
  return violations.map(({ ruleName }) => ruleName);
}

describe('the rules of the project', () => {
  test.each<[string, Create]>([
    ['a role with named actions on named resources', allowing('s3:GetObject', 'arn')],
    ['a role that may trace', allowing(['xray:PutTraceSegments'], '*')],
    ['a stage with limits and a log', stage({})],
    ['an API for a named origin', cors({ allowOrigins: ['https://app.example.com'] })],
    ['a complete alarm', alarm({})],
    ['a secret without a value', secret({})],
  ])('accept %s', (_name, create) => {
    expect(violated(create)).toEqual([]);
  });

  test.each<[string, string, Create]>([
    ['RoleStatements', 'every action of a service', allowing('s3:*', 'arn')],
    ['RoleStatements', 'every resource', allowing(['s3:GetObject'], ['*'])],
    ['RoleStatements', 'more than tracing on every resource', allowing(['xray:PutTraceSegments', 's3:GetObject'], '*')],
    ['RoleStatements', 'a managed policy', role({ managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] })],
    [
      'RoleStatements',
      'an attached policy',
      (stack) => new CfnPolicy(stack, 'Policy', { policyName: 'policy', ...policy('s3:GetObject', 'arn') }),
    ],
    [
      'RoleStatements',
      'a managed policy for every resource',
      (stack) => new CfnManagedPolicy(stack, 'Policy', policy('kms:Decrypt', '*')),
    ],
    ['InvokePermission', 'no source ARN', permission({ sourceAccount: '123456789012' })],
    ['InvokePermission', 'no source account', permission({ sourceArn: 'arn' })],
    ['HttpApiAccessLog', 'no log', stage({ accessLogSettings: undefined })],
    ['HttpApiAccessLog', 'a log that is not JSON', logging('$context.routeKey')],
    ['HttpApiAccessLog', 'a log of paths', logging('{"path":"$context.path"}')],
    ['HttpApiThrottling', 'shared limits', stage({ routeSettings: undefined, defaultRouteSettings: limits })],
    ['HttpApiThrottling', 'no burst limit', stage({ routeSettings: { 'GET /': { throttlingRateLimit: 1 } } })],
    ['HttpApiCors', 'any origin', cors({ allowOrigins: ['*'] })],
    ['HttpApiCors', 'an http origin', cors({ allowOrigins: ['http://app.example.com'] })],
    ['HttpApiCors', 'credentials', cors({ allowOrigins: ['https://app.example.com'], allowCredentials: true })],
    ['AlarmRecovery', 'no OK action', alarm({ okActions: undefined })],
    ['AlarmRecovery', 'no description', alarm({ alarmDescription: undefined })],
    ['AlarmRecovery', 'no treatment of missing data', alarm({ treatMissingData: undefined })],
    ['SecretValue', 'a random value', secret({ generateSecretString: {} })],
    ['SecretValue', 'a value in the template', secret({ secretString: 'value' })],
    ['SecretValue', 'no customer managed key', secret({ kmsKeyId: undefined })],
    [
      'SecretValue',
      'an immediate rotation',
      (stack) => new CfnRotationSchedule(stack, 'Rotation', { secretId: 'secret', rotateImmediatelyOnUpdate: true }),
    ],
  ])('%s rejects %s', (rule, _name, create) => {
    expect(violated(create)).toEqual([`Gateway-${rule}`]);
  });

  test('HttpApiEndpoint rejects the default endpoint beside a domain, and old TLS', () => {
    const disabled = api({ disableExecuteApiEndpoint: true });
    expect(violated(api({}), domain('TLS_1_2'))).toEqual(['Gateway-HttpApiEndpoint']);
    expect(violated(disabled, domain('TLS_1_0'))).toEqual(['Gateway-HttpApiEndpoint']);
    expect(violated(disabled, domain('TLS_1_2'))).toEqual([]);
  });
});
