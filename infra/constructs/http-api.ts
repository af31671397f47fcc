import { ArnFormat, Aws, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { basePath, functionName } from '#lib/operations/table.ts';
import type { RouteKey } from '#lib/operations/routes.ts';
import type { Environment } from '../environment.ts';
import { resourceName } from '../names.ts';
import { afterDeletion } from './retention.ts';

/** A row's routes with what answers them. */
export interface Served {
  id: string;
  routes: readonly RouteKey[];
  target: lambda.IFunction;
  throttling: Environment['throttling'];
}

/** API Gateway gives up on a function after this time, in milliseconds, and knows no longer one. */
const patience = 30_000;

/** What a call leaves in the access log: what API Gateway itself knows, nothing that the caller chose, so that no secret can be in it. */
const accessLogFields = {
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
};

/** The HTTP API: every route of the tables that the environment has. */
export class HttpApi extends Construct {
  readonly id: string;
  /** The gateway's base URL, `/2.0` included. */
  readonly url: string;
  readonly accessLog: logs.LogGroup;
  private readonly name: string;
  private readonly settings: Environment;

  constructor(scope: Construct, id: string, name: string, settings: Environment) {
    super(scope, id);
    this.name = name;
    this.settings = settings;
    const api = new apigateway.CfnApi(this, 'Api', {
      name: resourceName(name, 'api'),
      description: `Budgea authentication gateway ${name}`,
      protocolType: 'HTTP',
      ipAddressType: 'dualstack',
      disableExecuteApiEndpoint: settings.domain !== undefined,
      ...(settings.corsOrigins.length > 0 && { corsConfiguration: cors(settings.corsOrigins) }),
    });
    this.id = api.ref;
    const host = settings.domain?.name ?? `${api.ref}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    this.url = `https://${host}${basePath}`;
    this.accessLog = new logs.LogGroup(this, 'AccessLog', {
      // Under this prefix, logs need no policy of their own, of which an account has ten.
      logGroupName: `/aws/vendedlogs/${resourceName(name, 'access')}`,
      retention: settings.logRetentionDays,
      removalPolicy: afterDeletion(settings),
    });
  }

  /** Makes the routes and opens the API. */
  serve(rows: readonly Served[]): void {
    const routes = rows.flatMap((served) => this.createRoutes(served));
    const stage = new apigateway.CfnStage(this, 'Stage', {
      apiId: this.id,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destinationArn: this.accessLogArn(),
        format: JSON.stringify({ environment: this.name, ...accessLogFields }),
      },
      defaultRouteSettings: throttled(this.settings.throttling),
      routeSettings: Object.fromEntries(routes.map(({ route, throttling }) => [route.routeKey, throttled(throttling)])),
    });
    // Settings of a route that is not there yet are refused.
    for (const { route } of routes) stage.addResourceDependency(route);
    if (this.settings.domain !== undefined) this.createDomain(this.settings.domain, stage);
  }

  private createRoutes({ id, routes, target, throttling }: Served) {
    const rowName = functionName(id);
    const integration = new apigateway.CfnIntegration(this, `${rowName}-integration`, {
      apiId: this.id,
      integrationType: 'AWS_PROXY',
      integrationUri: target.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: patience,
    });
    return routes.map(({ method, path, name }) => {
      new lambda.CfnPermission(this, `${rowName}-${name}-permission`, {
        action: 'lambda:InvokeFunction',
        functionName: target.functionArn,
        principal: 'apigateway.amazonaws.com',
        sourceAccount: Aws.ACCOUNT_ID,
        sourceArn: this.routeArn(method, path),
      });
      const route = new apigateway.CfnRoute(this, `${rowName}-${name}-route`, {
        apiId: this.id,
        routeKey: `${method} ${path}`,
        target: `integrations/${integration.ref}`,
        authorizationType: 'NONE',
      });
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: 'The functions authenticate: partner keys come in bodies too, which no authorizer of API Gateway sees.',
      });
      return { route, throttling };
    });
  }

  /** A log's own ARN attribute ends with `:*`, which API Gateway does not expect. */
  private accessLogArn(): string {
    return Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: this.accessLog.logGroupName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** The asterisk is the stage, of which the API has one. */
  private routeArn(method: string, path: string): string {
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.id,
      resourceName: `*/${method}${path}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  private createDomain(
    { name, certificateArn, hostedZone }: NonNullable<Environment['domain']>,
    stage: apigateway.CfnStage,
  ) {
    const domain = new apigateway.CfnDomainName(this, 'Domain', {
      domainName: name,
      domainNameConfigurations: [
        { certificateArn, endpointType: 'REGIONAL', ipAddressType: 'dualstack', securityPolicy: 'TLS_1_2' },
      ],
    });
    new apigateway.CfnApiMapping(this, 'DomainMapping', {
      apiId: this.id,
      domainName: domain.ref,
      stage: stage.ref,
    });
    new CfnOutput(this, 'DomainTarget', { value: domain.attrRegionalDomainName }).overrideLogicalId('DomainTarget');
    if (hostedZone === undefined) return;
    for (const type of ['A', 'AAAA']) {
      new route53.CfnRecordSet(this, `DomainRecord${type}`, {
        hostedZoneId: hostedZone.id,
        name,
        type,
        aliasTarget: { dnsName: domain.attrRegionalDomainName, hostedZoneId: domain.attrRegionalHostedZoneId },
      });
    }
  }
}

function throttled({ requestsPerSecond, burst }: Environment['throttling']) {
  return { throttlingRateLimit: requestsPerSecond, throttlingBurstLimit: burst };
}

/** Credentials of a browser's own, cookies for example, mean nothing to the gateway. */
function cors(origins: readonly string[]): apigateway.CfnApi.CorsProperty {
  return {
    allowOrigins: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'traceparent', 'x-api-key'],
    exposeHeaders: ['retry-after', 'x-request-id'],
    allowCredentials: false,
    maxAge: 3600,
  };
}
