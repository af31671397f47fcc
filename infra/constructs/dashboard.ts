import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { CountedEvent } from '#lib/operations/call.ts';
import { secretNames } from '#lib/config/names.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import type { Environment } from '../environment.ts';
import { resourceName } from '../names.ts';
import type { HttpApi } from './http-api.ts';
import { apiMetric, gatewayMetric } from './metrics.ts';

/** What the dashboard shows. */
export interface DashboardProps {
  name: string;
  settings: Environment;
  api: HttpApi;
  functions: Readonly<Record<string, lambda.Function>>;
  /** The logs of the operations' functions. */
  operationLogs: readonly logs.ILogGroup[];
  alarms: readonly cloudwatch.IAlarm[];
}

interface Graph {
  title: string;
  left: cloudwatch.IMetric[];
}

const ids = Object.keys(operations);
const counted: Record<CountedEvent, string> = {
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

/** What an operator on call looks at first: is it us or Budgea, which operation, whose calls, and how old the secrets are. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: resourceName(props.name, 'overview'),
      defaultInterval: Duration.hours(3),
      periodOverride: cloudwatch.PeriodOverride.INHERIT,
    });
    dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24, height: 5 }),
    );
    for (const graphs of [whole(props), byOperation(props.name), upstream(props.name), kept(props), machinery(props)]) {
      dashboard.addWidgets(...graphs.map(({ title, left }) => graph(title, left, 24 / graphs.length)));
    }
    dashboard.addWidgets(byPartner(props.operationLogs));
  }
}

function whole({ name: environment, api }: DashboardProps): Graph[] {
  return [
    { title: 'Answers of API Gateway', left: ['Count', '4xx', '5xx'].map((metric) => apiMetric(api.id, metric)) },
    {
      title: 'Latency at API Gateway, ms',
      left: ['p50', 'p90', 'p99'].map((statistic) => apiMetric(api.id, 'Latency', statistic)),
    },
    {
      title: 'Counted for alarms',
      left: [
        ...Object.entries(counted).map(([count, label]) => gatewayMetric(count, { environment }, { label })),
        gatewayMetric('ThrottledCalls', { environment }, { label: 'throttled by API Gateway' }),
      ],
    },
  ];
}

function byOperation(environment: string): Graph[] {
  const each = (metric: string, statistic: string, more: Record<string, string> = {}) =>
    ids.map((operation) => gatewayMetric(metric, { environment, operation, ...more }, { statistic, label: operation }));
  return [
    { title: 'Calls by operation', left: each('calls', 'Sum') },
    { title: 'Failed by operation (5xx)', left: each('calls', 'Sum', { outcome: 'failed' }) },
    { title: 'Refused by operation (4xx)', left: each('calls', 'Sum', { outcome: 'refused' }) },
    { title: 'Latency by operation, p99, ms', left: each('duration_ms', 'p99') },
  ];
}

function upstream(environment: string): Graph[] {
  const statistics = ['p50', 'p90', 'p99'];
  return [
    {
      title: 'Budgea’s share of all calls’ time, ms',
      left: statistics.map((statistic) =>
        gatewayMetric('upstream_ms', { environment }, { statistic, label: statistic }),
      ),
    },
    {
      title: 'Budgea’s share by operation, p99, ms',
      left: ids.map((operation) =>
        gatewayMetric('upstream_ms', { environment, operation }, { statistic: 'p99', label: operation }),
      ),
    },
  ];
}

function kept({ name: environment, settings }: DashboardProps): Graph[] {
  const reading = { statistic: 'Maximum' };
  return [
    {
      title: 'Secrets’ age, s',
      left: secretNames.map((secret) =>
        gatewayMetric('secret_age_s', { environment, secret }, { ...reading, label: secret }),
      ),
    },
    {
      title: 'Manage JWT’s remaining life, s',
      left: [gatewayMetric('manage_token_life_s', { environment }, { statistic: 'Minimum', label: 'life' })],
    },
    {
      title: 'Certificates: since Budgea confirmed them, s',
      left: settings.certificateTypes.map((certificate_type) =>
        gatewayMetric('certificate_age_s', { environment, certificate_type }, { ...reading, label: certificate_type }),
      ),
    },
  ];
}

function machinery({ name: environment, functions }: DashboardProps): Graph[] {
  const all = Object.entries(functions);
  const period = Duration.minutes(5);
  return [
    {
      title: 'Runs of scheduled functions that failed',
      left: Object.keys(jobs).map((job) =>
        gatewayMetric('runs', { environment, job, outcome: 'failed' }, { label: functionName(job) }),
      ),
    },
    { title: 'Lambda errors', left: all.map(([label, target]) => target.metricErrors({ label, period })) },
    { title: 'Lambda throttles', left: all.map(([label, target]) => target.metricThrottles({ label, period })) },
    {
      title: 'Functions running at once',
      left: all.map(([label, target]) =>
        target.metric('ConcurrentExecutions', { label, period, statistic: 'Maximum' }),
      ),
    },
  ];
}

/** From the logs: a metric for each of a thousand partners would cost thousands a month. */
function byPartner(logGroups: readonly logs.ILogGroup[]): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Partners: calls, refusals, failures, p99 ms',
    logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
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

function graph(title: string, left: cloudwatch.IMetric[], width: number): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width, height: 6, leftYAxis: { min: 0 }, liveData: true });
}
