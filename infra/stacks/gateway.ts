import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tableFullName } from '#lib/config/names.ts';
import { type Job, type JobId, jobs } from '#lib/operations/jobs.ts';
import { type Operation, type OperationId, operations } from '#lib/operations/table.ts';
import { type Page, type PageId, pages, routesOf } from '#lib/operations/routes.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Dashboard } from '../constructs/dashboard.ts';
import { GatewayFunction, type SharedFunctionProps } from '../constructs/gateway-function.ts';
import { type Endpoint, HttpApi } from '../constructs/http-api.ts';
import { Operators } from '../constructs/operators.ts';
import { rate, Rotation, rotationsOf, Schedules } from '../constructs/schedules.ts';
import { resourceName } from '../names.ts';
import { forEachSecret, type FunctionConfig, type ResourceArns } from '../permissions.ts';
import type { Environment } from '../settings.ts';
import type { Foundation } from './foundation.ts';

/** API Gateway's integration timeout is 30 seconds. */
const endpointTimeout = Duration.seconds(29);
const jobTimeout = Duration.minutes(1);

/** The stack without data, which can be deleted and deployed again: the API, the functions, their schedules and alarms, and the dashboard. */
export class Gateway extends Stack {
  constructor(scope: Construct, stackId: string, environment: Environment, foundation: Foundation, bundles: string) {
    const { name } = environment;
    super(scope, stackId, {
      stackName: resourceName(name, 'gateway'),
      description: `API and functions of the Budgea authentication gateway ${name}`,
      terminationProtection: environment.production,
    });
    const api = new HttpApi(this, 'Api', environment);
    const schedules = new Schedules(this, 'Schedules', environment);
    const arns = {
      region: this.region,
      table: foundation.table.tableArn,
      key: foundation.key.keyArn,
      secrets: forEachSecret((secret) => foundation.secrets[secret].ref),
    };
    const shared = { environment, bundles, arns, config: configOf(environment, arns, api.url) };
    const table = { ...operations, ...(environment.apiPage && pages) };
    const rows = Object.entries(table) as [OperationId | PageId, Operation | Page][]; // Tables have the keys of their types only.
    const endpoints = rows.map(([id, row]) => this.createEndpoint(shared, id, row));
    const jobFunctions = this.createJobs(shared, schedules);
    api.serve(endpoints);
    schedules.add(jobFunctions.fetch_certificates, {
      expression: rate(environment.fetchCertificatesHours),
      maxAge: Duration.hours(1),
      retries: 2,
    });
    // The next run replaces a retry.
    schedules.add(jobFunctions.watch, { expression: 'rate(5 minutes)', maxAge: Duration.minutes(5), retries: 0 });
    const rotationFunctions = rotationsOf(environment).map(({ secret, job, hours }) => {
      const rotator = jobFunctions[job].function;
      new Rotation(this, `Rotation-${secret}`, foundation.secrets[secret].ref, rotator, hours);
      return rotator.functionArn;
    });

    const functions = [...endpoints.map(({ handler }) => handler), ...Object.values(jobFunctions)];
    const topic = foundation.alarms;
    const { all: alarms } = new Alarms(this, 'Alarms', { environment, topic, api, functions, schedules });
    new Dashboard(this, 'Dashboard', { environment, api, functions, alarms });
    const logGroups = functions.filter(({ id }) => !(id in pages)).map(({ logGroup }) => logGroup.logGroupArn);
    new Operators(this, 'Operators', { name, arns, rotationFunctions, logGroups });
    new CfnOutput(this, 'GatewayUrl', { value: api.url });
    new CfnOutput(this, 'CallbackUrl', {
      value: `${api.url}${operations.webauth_callback_get.path}`,
      description: 'Put this on the whitelist of redirect URIs in the Budgea console.',
    });
  }

  private createEndpoint(shared: SharedFunctionProps, id: OperationId | PageId, row: Operation | Page): Endpoint {
    const routes = routesOf(row);
    const handler = new GatewayFunction(this, {
      ...shared,
      id,
      needs: row.needs,
      description: routes.map(({ method, path }) => `${method} ${path}`).join(', '),
      timeout: endpointTimeout,
      withoutQueue: 'API Gateway invokes it synchronously and returns failures to the caller.',
    });
    return { handler, routes, throttling: handler.settings.throttling ?? throttlingOf(row, shared.environment) };
  }

  private createJobs(shared: SharedFunctionProps, { failed }: Schedules): Record<JobId, GatewayFunction> {
    const reportFailure = { actions: ['sqs:SendMessage'], resources: [failed.queueArn] };
    const functions = Object.entries<Job>(jobs).map(([key, row]) => {
      const id = key as JobId; // A table has the keys of its type only.
      const variant =
        row.rotates === undefined
          ? {
              description: `Scheduled: ${id}`,
              statements: [reportFailure],
              withoutQueue:
                'Its on-failure destination receives failed runs, with the error that a dead-letter queue lacks.',
            }
          : {
              description: `Rotates ${row.rotates}`,
              withoutQueue: 'Secrets Manager waits for each step, retries a failed rotation and records it.',
            };
      return [id, new GatewayFunction(this, { ...shared, ...variant, id, needs: row, timeout: jobTimeout })] as const;
    });
    return Object.fromEntries(functions) as Record<JobId, GatewayFunction>; // Has a function for each row.
  }
}

/** Returns the limits of the row's routes: those without credentials have their own. */
function throttlingOf(row: Operation | Page, { throttling, anonymousThrottling }: Environment) {
  const isAnonymous = !('accepts' in row) || row.accepts.every((kind) => kind === 'anonymous');
  return isAnonymous ? anonymousThrottling : throttling;
}

function configOf(environment: Environment, { secrets }: ResourceArns, gatewayUrl: string): FunctionConfig {
  return {
    environment: environment.name,
    budgeaUrl: environment.budgeaUrl,
    tableName: tableFullName(environment.name),
    secretIds: secrets,
    settings: {
      GATEWAY_URL: gatewayUrl,
      CERTIFICATE_TYPES: environment.certificateTypes.join(','),
      ALLOW_ANONYMOUS_INIT: String(environment.allowAnonymousInit),
      MANAGE_SCOPE: environment.manageScope,
      ROTATION_MINUTES: String(environment.rotateManageTokenHours * 60),
    },
  };
}
