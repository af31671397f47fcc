import { CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { secretNames, tableFullName } from '#lib/config/names.ts';
import { type Job, type JobId, jobs } from '#lib/operations/jobs.ts';
import { functionName, type Operation, type OperationId, operations, type SecretName } from '#lib/operations/table.ts';
import { type Page, type PageId, pages, routesOf } from '#lib/operations/routes.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Dashboard } from '../constructs/dashboard.ts';
import { GatewayFunction, type Surroundings } from '../constructs/gateway-function.ts';
import { HttpApi } from '../constructs/http-api.ts';
import { Operators } from '../constructs/operators.ts';
import { rate, Rotation, rotationsOf } from '../constructs/rotation.ts';
import { type ScheduleProps, Schedules } from '../constructs/schedules.ts';
import type { Environment } from '../environment.ts';
import type { Reachable, Statement, Told } from '../grants.ts';
import { resourceName } from '../names.ts';
import type { Foundation } from './foundation.ts';

/** API Gateway waits for thirty seconds: a function that has not answered by then need not go on. */
const operationTimeout = Duration.seconds(29);
const jobTimeout = Duration.minutes(1);

/** What a gateway is made of. */
export interface GatewayProps {
  /** The environment's name. */
  name: string;
  settings: Environment;
  /** The folder with the bundles. */
  bundles: string;
  foundation: Foundation;
}

/** What answers and works, and can be thrown away and made again: the API, the functions, their schedules, alarms and the dashboard. */
export class Gateway extends Stack {
  constructor(scope: Construct, stackId: string, { name, settings, bundles, foundation }: GatewayProps) {
    super(scope, stackId, {
      stackName: resourceName(name, 'gateway'),
      description: `API and functions of the Budgea authentication gateway ${name}`,
      terminationProtection: settings.production,
    });
    const api = new HttpApi(this, 'Api', name, settings);
    const schedules = new Schedules(this, 'Schedules', name);
    const reachable = this.reachable(foundation);
    const surroundings = { name, settings, bundles, reachable, told: told(name, settings, reachable, api.url) };
    const answering = this.createAnswering(surroundings, operations);
    const showing = settings.apiPage ? this.createAnswering(surroundings, pages) : [];
    const working = this.createJobs(surroundings, schedules);
    api.serve(
      [...answering, ...showing].map(({ id, row, routes, created }) => ({
        id,
        routes,
        target: created.target,
        throttling: settings.functions[id]?.throttling ?? throttlingOf(row, settings),
      })),
    );
    this.schedule(working, schedules, settings);
    const rotating = this.rotate(working, foundation, settings);

    const functions = Object.fromEntries(
      [...answering, ...showing, ...working].map(({ id, created }) => [functionName(id), created.function]),
    );
    const alarms = new Alarms(this, 'Alarms', { name, settings, topic: foundation.alarms, api, functions, schedules });
    new Dashboard(this, 'Dashboard', {
      name,
      settings,
      api,
      functions,
      operationLogs: answering.map(({ created }) => created.logGroup),
      alarms: alarms.all,
    });
    new Operators(this, 'Operators', {
      name,
      reachable,
      rotationFunctions: rotating,
      logGroups: [...answering, ...working].map(({ created }) => created.logGroup.logGroupArn),
    });
    new CfnOutput(this, 'GatewayUrl', { value: api.url });
    new CfnOutput(this, 'CallbackUrl', {
      value: `${api.url}${operations.webauth_callback_get.path}`,
      description: 'Put this on the whitelist of redirect URIs in the Budgea console.',
    });
  }

  private reachable({ table, key, secrets }: Foundation): Reachable {
    return {
      region: this.region,
      table: table.tableArn,
      key: key.keyArn,
      secrets: forSecrets((name) => secrets[name].ref),
    };
  }

  /** Makes the functions that API Gateway calls. */
  private createAnswering<Id extends OperationId | PageId>(
    surroundings: Surroundings,
    table: Readonly<Record<Id, Operation | Page>>,
  ) {
    const rows = Object.entries(table) as [Id, Operation | Page][]; // A table's keys are its rows' names.
    return rows.map(([id, row]) => {
      const routes = routesOf(row);
      const created = new GatewayFunction(this, surroundings, {
        id,
        row: row.needs,
        description: routes.map(({ method, path }) => `${method} ${path}`).join(', '),
        timeout: operationTimeout,
        ...surroundings.settings.functions[id],
      });
      acknowledgeNoQueue(created, 'It is invoked synchronously by API Gateway: a failure is the caller’s answer.');
      return { id, row, routes, created };
    });
  }

  private createJobs(surroundings: Surroundings, { failed }: Schedules) {
    const rows = Object.entries(jobs) as [JobId, Job][]; // A table's keys are its rows' names.
    return rows.map(([id, row]) => {
      const reporting: Statement = { actions: ['sqs:SendMessage'], resources: [failed.queueArn] };
      const created = new GatewayFunction(this, surroundings, {
        id,
        row,
        description: row.rotates === undefined ? `Scheduled: ${id}` : `Rotates ${row.rotates}`,
        timeout: jobTimeout,
        statements: row.rotates === undefined ? [reporting] : [],
        ...surroundings.settings.functions[id],
      });
      acknowledgeNoQueue(
        created,
        row.rotates === undefined
          ? 'Failed runs go to a queue by the on-failure destination, which has what a dead-letter queue lacks: the error.'
          : 'Secrets Manager waits for each step, repeats a failed rotation and keeps its own record of it.',
      );
      return { id, row, created };
    });
  }

  private schedule(
    working: readonly { id: JobId; created: GatewayFunction }[],
    schedules: Schedules,
    settings: Environment,
  ) {
    const scheduled: Partial<Record<JobId, Omit<ScheduleProps, 'function'>>> = {
      fetch_certificates: {
        expression: rate(settings.fetchCertificatesHours),
        worthRepeating: Duration.hours(1),
        repeats: 2,
      },
      // The next run is as good as a repetition.
      watch: { expression: 'rate(5 minutes)', worthRepeating: Duration.minutes(5), repeats: 0 },
    };
    for (const { id, created } of working) {
      const when = scheduled[id];
      if (when !== undefined) schedules.add(functionName(id), { function: created.function, ...when });
    }
  }

  /** Gives the ARNs of the functions that rotate something. */
  private rotate(
    working: readonly { id: JobId; created: GatewayFunction }[],
    { secrets }: Foundation,
    settings: Environment,
  ): string[] {
    return rotationsOf(settings).flatMap(({ secret, job, hours }) =>
      working
        .filter(({ id }) => id === job)
        .map(({ created }) => {
          new Rotation(this, `Rotation-${secret}`, {
            secretArn: secrets[secret].ref,
            rotatedBy: created.function,
            hours,
          });
          return created.function.functionArn;
        }),
    );
  }
}

/** A route that takes callers without credentials has limits of its own. */
function throttlingOf(row: Operation | Page, { throttling, anonymousThrottling }: Environment) {
  const isAnonymous = !('accepts' in row) || row.accepts.every((kind) => kind === 'anonymous');
  return isAnonymous ? anonymousThrottling : throttling;
}

function told(name: string, settings: Environment, { secrets }: Reachable, gatewayUrl: string): Told {
  return {
    environment: name,
    budgeaUrl: settings.budgeaUrl,
    tableName: tableFullName(name),
    secretIds: secrets,
    settings: {
      GATEWAY_URL: gatewayUrl,
      CERTIFICATE_TYPES: settings.certificateTypes.join(','),
      ALLOW_ANONYMOUS_INIT: String(settings.allowAnonymousInit),
      MANAGE_SCOPE: settings.manageScope,
      ROTATION_MINUTES: String(settings.rotateManageTokenHours * 60),
    },
  };
}

function forSecrets<T>(value: (name: SecretName) => T): Record<SecretName, T> {
  return Object.fromEntries(secretNames.map((name) => [name, value(name)])) as Record<SecretName, T>; // Of every name there is.
}

function acknowledgeNoQueue(created: GatewayFunction, reason: string): void {
  for (const id of ['Serverless-LambdaDLQ', 'Serverless-LambdaAsyncFailureDestination']) {
    Validations.of(created.function).acknowledge({ id, reason });
  }
}
