import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { CountedEvent } from '#lib/operations/call.ts';
import { secretNames } from '#lib/config/names.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { resourceName } from '../names.ts';
import type { Environment } from '../settings.ts';
import type { GatewayFunction } from './gateway-function.ts';
import type { HttpApi } from './http-api.ts';
import { apiMetric, gatewayMetric, period } from './metrics.ts';

/** The properties of the dashboard. */
export interface DashboardProps {
  environment: Environment;
  api: HttpApi;
  functions: readonly GatewayFunction[];
  alarms: readonly cloudwatch.IAlarm[];
}

interface Graph {
  title: string;
  left: cloudwatch.IMetric[];
}

const operationIds = Object.keys(operations);
const percentiles = ['p50', 'p90', 'p99'];
const counterLabels: Record<CountedEvent, string> = {
  CredentialRejected: 'credential rejected',
  OwnershipConflict: 'ownership conflict',
  UndoFailed: 'undo failed',
  OwnershipLeft: 'ownership left behind',
  OwnershipNotExtended: 'ownership not extended',
  UnexpectedUser: 'unexpected user',
  UnusableToken: 'unusable token',
  CertificateNotKept: 'certificate not kept',
  CertificateDateIgnored: 'certificate date ignored',
};

/** The dashboard for operators: whether the gateway or Budgea fails, in which operation, for which partner, and the age of each secret. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { environment, api, functions, alarms }: DashboardProps) {
    super(scope, id);
    const { name } = environment;
    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: resourceName(name, 'overview'),
      defaultInterval: Duration.hours(3),
      periodOverride: cloudwatch.PeriodOverride.INHERIT,
    });
    dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 5 }),
    );
    const rows = [calls(name, api), operationCalls(name), upstream(name), stored(environment), lambda(name, functions)];
    for (const graphs of rows) {
      const layout = { width: 24 / graphs.length, height: 6, leftYAxis: { min: 0 }, liveData: true };
      dashboard.addWidgets(...graphs.map((graph) => new cloudwatch.GraphWidget({ ...graph, ...layout })));
    }
    dashboard.addWidgets(partnerCalls(functions));
  }
}

function calls(environment: string, { id }: HttpApi): Graph[] {
  const counters = Object.entries(counterLabels);
  return [
    { title: 'Answers of API Gateway', left: ['Count', '4xx', '5xx'].map((metric) => apiMetric(id, metric)) },
    {
      title: 'Latency at API Gateway, ms',
      left: percentiles.map((statistic) => apiMetric(id, 'Latency', statistic)),
    },
    {
      title: 'Counted for alarms',
      left: [
        ...counters.map(([counter, label]) => gatewayMetric(counter, { environment }, { label })),
        gatewayMetric('ThrottledCalls', { environment }, { label: 'throttled by API Gateway' }),
      ],
    },
  ];
}

function operationCalls(environment: string): Graph[] {
  return [
    { title: 'Calls by operation', left: byOperation('calls', 'Sum', { environment }) },
    { title: 'Failed by operation (5xx)', left: byOperation('calls', 'Sum', { environment, outcome: 'failed' }) },
    { title: 'Refused by operation (4xx)', left: byOperation('calls', 'Sum', { environment, outcome: 'refused' }) },
    { title: 'Latency by operation, p99, ms', left: byOperation('duration_ms', 'p99', { environment }) },
  ];
}

function upstream(environment: string): Graph[] {
  return [
    {
      title: 'Budgea’s share of all calls’ time, ms',
      left: percentiles.map((label) => gatewayMetric('upstream_ms', { environment }, { statistic: label, label })),
    },
    { title: 'Budgea’s share by operation, p99, ms', left: byOperation('upstream_ms', 'p99', { environment }) },
  ];
}

function byOperation(metric: string, statistic: string, dimensions: Record<string, string>): cloudwatch.Metric[] {
  return operationIds.map((operation) =>
    gatewayMetric(metric, { ...dimensions, operation }, { statistic, label: operation }),
  );
}

function stored({ name: environment, certificateTypes }: Environment): Graph[] {
  const statistic = 'Maximum';
  return [
    {
      title: 'Secrets’ age, s',
      left: secretNames.map((secret) =>
        gatewayMetric('secret_age_s', { environment, secret }, { statistic, label: secret }),
      ),
    },
    {
      title: 'Manage JWT’s remaining life, s',
      left: [gatewayMetric('manage_token_life_s', { environment }, { statistic: 'Minimum', label: 'life' })],
    },
    {
      title: 'Certificates: since Budgea confirmed them, s',
      left: certificateTypes.map((certificate_type) =>
        gatewayMetric('certificate_age_s', { environment, certificate_type }, { statistic, label: certificate_type }),
      ),
    },
  ];
}

function lambda(environment: string, functions: readonly GatewayFunction[]): Graph[] {
  const byFunction = (metric: string, statistic: string) =>
    functions.map(({ shortName, function: target }) => target.metric(metric, { statistic, label: shortName, period }));
  return [
    {
      title: 'Runs of scheduled functions that failed',
      left: Object.keys(jobs).map((job) =>
        gatewayMetric('runs', { environment, job, outcome: 'failed' }, { label: functionName(job) }),
      ),
    },
    { title: 'Lambda errors', left: byFunction('Errors', 'Sum') },
    { title: 'Lambda throttles', left: byFunction('Throttles', 'Sum') },
    { title: 'Functions running at once', left: byFunction('ConcurrentExecutions', 'Maximum') },
  ];
}

/** Queries the logs, because metrics with a dimension for each of a thousand partners would cost thousands a month. */
function partnerCalls(functions: readonly GatewayFunction[]): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Partners: calls, refusals, failures, p99 ms',
    logGroupNames: functions.filter(({ id }) => id in operations).map(({ logGroup }) => logGroup.logGroupName),
    view: cloudwatch.LogQueryVisualizationType.TABLE,
    queryLines: [
      'filter ispresent(partner)',
      "fields strcontains(outcome, 'refused') as refusal, strcontains(outcome, 'failed') as failure",
      'stats count() as calls, sum(refusal) as refused, sum(failure) as failed, pct(duration_ms, 99) as p99_ms by partner',
      'sort calls desc',
      'limit 50',
    ],
    width: 24,
    height: 8,
  });
}
