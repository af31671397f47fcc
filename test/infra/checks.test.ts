import { App, Stack, type CfnResource } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { checks } from '#infra/checks/checks.ts';
import { synthesizeAll } from './synthesized.ts';

test.each(synthesizeAll().map((made) => [made.name, made] as const))('nothing is found in %s', (_name, { app }) => {
  for (const pack of checks(app)) {
    expect(pack.validateScope(app)).toEqual({ success: true, violations: [] });
  }
});

const lambdaRole = (properties: object) => (stack: Stack) =>
  new CfnRole(stack, 'Role', {
    assumeRolePolicyDocument: {},
    policies: [],
    ...properties,
  });
const allowing = (statement: object) => ({
  policies: [{ policyName: 'it', policyDocument: { Statement: [{ Effect: 'Allow', ...statement }] } }],
});
const stage = (properties: object) => (stack: Stack) => {
  const route = new apigateway.CfnRoute(stack, 'Route', { apiId: 'api', routeKey: 'GET /' });
  return new apigateway.CfnStage(stack, 'Stage', {
    apiId: 'api',
    stageName: '$default',
    accessLogSettings: { format: '{"route":"$context.routeKey"}' },
    routeSettings: { [route.routeKey]: { throttlingRateLimit: 1, throttlingBurstLimit: 1 } },
    ...properties,
  });
};
const api = (properties: object) => (stack: Stack) => new apigateway.CfnApi(stack, 'Api', properties);
const alarm = (properties: object) => (stack: Stack) =>
  new CfnAlarm(stack, 'Alarm', {
    comparisonOperator: 'LessThanThreshold',
    evaluationPeriods: 1,
    alarmActions: ['topic'],
    okActions: ['topic'],
    alarmDescription: 'It is wrong.',
    treatMissingData: 'breaching',
    ...properties,
  });
const secret = (properties: object) => (stack: Stack) =>
  new CfnSecret(stack, 'Secret', { kmsKeyId: 'key', ...properties });

const domain = (properties: object) => (stack: Stack) =>
  new apigateway.CfnDomainName(stack, 'Domain', {
    domainName: 'gateway.example.com',
    domainNameConfigurations: [{ securityPolicy: 'TLS_1_2' }],
    ...properties,
  });

/** What the project's own rules say of a resource that `make` makes. */
function found(...make: ((stack: Stack) => CfnResource)[]): string[] {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  for (const each of make) each(stack);
  const { violations } = checks(app).at(-1)?.validateScope(app) ?? { violations: [] };
  return violations.map(({ ruleName }) => ruleName);
}

describe('the project’s own rules', () => {
  test.each<[string, (stack: Stack) => CfnResource]>([
    ['a role with named actions on named resources', lambdaRole(allowing({ Action: 's3:GetObject', Resource: 'arn' }))],
    ['a role that may trace', lambdaRole(allowing({ Action: ['xray:PutTraceSegments'], Resource: '*' }))],
    ['a stage with limits and a log', stage({})],
    ['an API of its own', api({ corsConfiguration: { allowOrigins: ['https://app.example.com'] } })],
    ['an alarm that says everything', alarm({})],
    ['a secret without a value', secret({})],
  ])('let through %s', (_what, make) => {
    expect(found(make)).toEqual([]);
  });

  test.each<[string, string, (stack: Stack) => CfnResource]>([
    ['RoleStatements', 'every action of a service', lambdaRole(allowing({ Action: 's3:*', Resource: 'arn' }))],
    ['RoleStatements', 'every resource', lambdaRole(allowing({ Action: ['s3:GetObject'], Resource: ['*'] }))],
    [
      'RoleStatements',
      'more than tracing everywhere',
      lambdaRole(allowing({ Action: ['xray:PutTraceSegments', 's3:GetObject'], Resource: '*' })),
    ],
    [
      'RoleStatements',
      'a managed policy',
      lambdaRole({ managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }),
    ],
    [
      'RoleStatements',
      'a policy of its own',
      (stack) => new CfnPolicy(stack, 'Policy', { policyName: 'it', policyDocument: { Statement: [] } }),
    ],
    [
      'RoleStatements',
      'a managed policy that allows everything',
      (stack) =>
        new CfnManagedPolicy(stack, 'Policy', {
          policyDocument: { Statement: [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }] },
        }),
    ],
    [
      'InvokePermission',
      'whichever API',
      (stack) =>
        new CfnPermission(stack, 'Permission', {
          action: 'lambda:InvokeFunction',
          functionName: 'it',
          principal: 'apigateway.amazonaws.com',
          sourceAccount: '123456789012',
        }),
    ],
    [
      'InvokePermission',
      'whoever’s API',
      (stack) =>
        new CfnPermission(stack, 'Permission', {
          action: 'lambda:InvokeFunction',
          functionName: 'it',
          principal: 'apigateway.amazonaws.com',
          sourceArn: 'arn',
        }),
    ],
    ['HttpApiAccessLog', 'no log', stage({ accessLogSettings: undefined })],
    ['HttpApiAccessLog', 'a log that is not JSON', stage({ accessLogSettings: { format: '$context.routeKey' } })],
    ['HttpApiAccessLog', 'a log of paths', stage({ accessLogSettings: { format: '{"path":"$context.path"}' } })],
    [
      'HttpApiThrottling',
      'limits that routes share',
      stage({ routeSettings: undefined, defaultRouteSettings: { throttlingRateLimit: 1, throttlingBurstLimit: 1 } }),
    ],
    ['HttpApiThrottling', 'half a limit', stage({ routeSettings: { 'GET /': { throttlingRateLimit: 1 } } })],
    ['HttpApiCors', 'any origin', api({ corsConfiguration: { allowOrigins: ['*'] } })],
    ['HttpApiCors', 'an origin in the clear', api({ corsConfiguration: { allowOrigins: ['http://app.example.com'] } })],
    [
      'HttpApiCors',
      'cookies',
      api({ corsConfiguration: { allowOrigins: ['https://app.example.com'], allowCredentials: true } }),
    ],
    ['AlarmRecovery', 'nobody told when it is over', alarm({ okActions: undefined })],
    ['AlarmRecovery', 'nothing said', alarm({ alarmDescription: undefined })],
    ['AlarmRecovery', 'missing data left open', alarm({ treatMissingData: undefined })],
    ['SecretValue', 'a random value', secret({ generateSecretString: {} })],
    ['SecretValue', 'a value in the template', secret({ secretString: 'it' })],
    ['SecretValue', 'no key of its own', secret({ kmsKeyId: undefined })],
    [
      'SecretValue',
      'a rotation at once',
      (stack) => new CfnRotationSchedule(stack, 'Rotation', { secretId: 'it', rotateImmediatelyOnUpdate: true }),
    ],
  ])('%s finds %s', (rule, _what, make) => {
    expect(found(make)).toEqual([`Gateway-${rule}`]);
  });

  test.each<[string, (stack: Stack) => CfnResource, string[]]>([
    ['with another way in', domain({}), ['Gateway-HttpApiEndpoint']],
    [
      'with old TLS',
      domain({ domainNameConfigurations: [{ securityPolicy: 'TLS_1_0' }] }),
      ['Gateway-HttpApiEndpoint'],
    ],
  ])('HttpApiEndpoint finds a domain %s', (_what, make, rules) => {
    expect(found(api({}), make)).toEqual(rules);
    expect(found(api({ disableExecuteApiEndpoint: true }), domain({}))).toEqual([]);
  });
});
