import { ArnFormat, Aws, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { basePath } from '#lib/operations/table.ts';
import type { RouteKey } from '#lib/operations/routes.ts';
import { resourceName } from '../names.ts';
import type { Environment } from '../settings.ts';
import type { GatewayFunction } from './gateway-function.ts';
import { createLogGroup } from './retention.ts';

/** A function and the routes that invoke it. */
export interface Endpoint {
  handler: GatewayFunction;
  routes: readonly RouteKey[];
  throttling: Environment['throttling'];
}

/** The timeout of integrations in milliseconds, which is the maximum of API Gateway. */
const integrationTimeout = 30_000;

/** The fields of the access log. None has a value that the caller chooses, so none can contain a secret. */
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

/** The HTTP API with its access log. Its functions need its URL, so its routes are added after them. */
export class HttpApi extends Construct {
  readonly id: string;
  /** The gateway's base URL, `/2.0` included. */
  readonly url: string;
  readonly accessLog: logs.LogGroup;
  private readonly environment: Environment;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    this.environment = environment;
    const { name, domain, corsOrigins } = environment;
    const api = new apigateway.CfnApi(this, 'Api', {
      name: resourceName(name, 'api'),
      description: `Budgea authentication gateway ${name}`,
      protocolType: 'HTTP',
      ipAddressType: 'dualstack',
      disableExecuteApiEndpoint: domain !== undefined,
      ...(corsOrigins.length > 0 && { corsConfiguration: cors(corsOrigins) }),
    });
    this.id = api.ref;
    this.url = `https://${domain?.name ?? `${api.ref}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`}${basePath}`;
    // Log groups with this prefix need no resource policy, of which an account can have ten.
    this.accessLog = createLogGroup(this, 'AccessLog', `/aws/vendedlogs/${resourceName(name, 'access')}`, environment);
  }

  /** Creates the routes and the stage that serves them. */
  serve(endpoints: readonly Endpoint[]): void {
    const { name, throttling, domain } = this.environment;
    const routes = endpoints.flatMap((endpoint) => this.createRoutes(endpoint));
    const stage = new apigateway.CfnStage(this, 'Stage', {
      apiId: this.id,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destinationArn: this.accessLogArn(),
        format: JSON.stringify({ environment: name, ...accessLogFields }),
      },
      defaultRouteSettings: routeSettings(throttling),
      routeSettings: Object.fromEntries(routes.map(({ route, settings }) => [route.routeKey, settings])),
    });
    // API Gateway rejects settings of routes that do not exist.
    for (const { route } of routes) stage.addResourceDependency(route);
    if (domain !== undefined) this.createDomain(domain, stage);
  }

  private createRoutes({ handler: { shortName, target }, routes, throttling }: Endpoint) {
    const integration = new apigateway.CfnIntegration(this, `${shortName}-integration`, {
      apiId: this.id,
      integrationType: 'AWS_PROXY',
      integrationUri: target.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: integrationTimeout,
    });
    return routes.map(({ method, path, name }) => {
      new lambda.CfnPermission(this, `${shortName}-${name}-permission`, {
        action: 'lambda:InvokeFunction',
        functionName: target.functionArn,
        principal: 'apigateway.amazonaws.com',
        sourceAccount: Aws.ACCOUNT_ID,
        // The asterisk matches the stage, of which the API has one.
        sourceArn: Stack.of(this).formatArn({
          service: 'execute-api',
          resource: this.id,
          resourceName: `*/${method}${path}`,
        }),
      });
      const route = new apigateway.CfnRoute(this, `${shortName}-${name}-route`, {
        apiId: this.id,
        routeKey: `${method} ${path}`,
        target: `integrations/${integration.ref}`,
        authorizationType: 'NONE',
      });
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'The functions authenticate callers: authorizers of API Gateway do not receive bodies, which can have keys.',
      });
      return { route, settings: routeSettings(throttling) };
    });
  }

  /** The ARN attribute of a log group ends with `:*`, which API Gateway does not accept. */
  private accessLogArn(): string {
    return Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: this.accessLog.logGroupName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
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

function routeSettings({ requestsPerSecond, burst }: Environment['throttling']) {
  return { throttlingRateLimit: requestsPerSecond, throttlingBurstLimit: burst };
}

/** Browser credentials such as cookies are not allowed: the gateway uses none. */
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
