import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { CountedEvent } from '#lib/operations/call.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { namespace } from '#lib/observability/log.ts';
import { functionName } from '#lib/operations/table.ts';
import { resourceName } from '../names.ts';
import type { Environment } from '../settings.ts';
import type { GatewayFunction } from './gateway-function.ts';
import type { HttpApi } from './http-api.ts';
import { apiMetric, gatewayMetric, period } from './metrics.ts';
import { rotationsOf, type Schedules } from './schedules.ts';

/** The properties of the alarms. */
export interface AlarmsProps {
  environment: Environment;
  topic: sns.ITopic;
  api: HttpApi;
  functions: readonly GatewayFunction[];
  schedules: Schedules;
}

interface AlarmDefinition {
  /** The cause and the action; operators read it first. */
  description: string;
  metric: cloudwatch.IMetric;
  threshold: number;
  operator?: cloudwatch.ComparisonOperator;
  /** The datapoints to alarm and the evaluation periods. Default: one of one. */
  datapoints?: readonly [number, number];
  /** Missing data is treated as not breaching for counts, and as breaching for gauges. */
  missing?: cloudwatch.TreatMissingData;
}

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD: atLeast, LESS_THAN_THRESHOLD: below } = cloudwatch.ComparisonOperator;
const { BREACHING: breaching, NOT_BREACHING: notBreaching } = cloudwatch.TreatMissingData;
const hour = 3600;

/** The counters with an alarm, and its description. The dashboard shows all counters. */
const counterDescriptions: Partial<Record<CountedEvent, string>> = {
  CredentialRejected:
    'Budgea rejects a credential that the gateway signs with, and Secrets Manager has no newer one. Look for CredentialRejected in the logs, which name the secret: set its new value, or rotate the manage token.',
  OwnershipConflict:
    'A user that was just created is recorded as another partner’s. Look for OwnershipConflict in the logs: Budgea returned an id twice, or the table was changed by hand.',
  UndoFailed:
    'A user or token that no partner received still exists at Budgea. Look for UndoFailed in the logs and delete it by hand.',
  UnexpectedUser:
    'Budgea returned another user than the requested one. The call failed with 502 and changed nothing. Look for UnexpectedUser in the logs and contact Budgea.',
};

/** The alarms of an environment. Each notifies the topic of the alarm and of the recovery. */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = [];
  private readonly environment: Environment;
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, { environment, topic, api, functions, schedules }: AlarmsProps) {
    super(scope, id);
    this.environment = environment;
    this.action = new SnsAction(topic);
    this.addCalls(api);
    this.addCounters();
    this.addFunctions(functions);
    this.addSecrets();
    this.addCertificates();
    this.addQueue('undelivered-runs', 'A scheduled function could not be started', schedules.undelivered);
    this.addQueue('failed-runs', 'A scheduled function failed, retries included', schedules.failed);
  }

  private addCalls(api: HttpApi): void {
    const failed = apiMetric(api.id, '5xx');
    this.add('failing-calls', {
      description:
        'At least 5 % of the calls fail with a 5xx. The dashboard shows the operations; their logs have a line with detail and cause for each call.',
      metric: new cloudwatch.MathExpression({
        // One or two failures among a few calls are not a meaningful rate.
        expression: 'IF(failed >= 3, 100 * failed / calls, 0)',
        usingMetrics: { failed, calls: apiMetric(api.id, 'Count') },
        period: failed.period,
        label: 'failing calls, %',
      }),
      threshold: 5,
      datapoints: [2, 3],
    });
    this.add('slow-calls', {
      description:
        'The slowest 1 % of the calls take five seconds or more. Compare the upstream latency on the dashboard.',
      metric: apiMetric(api.id, 'Latency', 'p99'),
      threshold: 5_000,
      datapoints: [3, 3],
    });
    this.add('throttled-calls', {
      description:
        'API Gateway rejects calls with 429, because they exceed the throttling of the environment. Find the callers on the dashboard, then raise the limit or stop them.',
      metric: this.throttledCalls(api),
      threshold: 10,
    });
  }

  /** Counts in the access log: the 4xx metric of API Gateway includes responses of functions, which have an integration status. */
  private throttledCalls({ accessLog }: HttpApi): cloudwatch.Metric {
    const metricName = 'ThrottledCalls';
    new logs.MetricFilter(this, 'ThrottledCalls', {
      logGroup: accessLog,
      filterPattern: logs.FilterPattern.literal('{ $.status = "429" && $.integration_status = "-" }'),
      metricNamespace: namespace,
      metricName,
      metricValue: '1',
      dimensions: { environment: '$.environment' },
    });
    return gatewayMetric(metricName, { environment: this.environment.name });
  }

  private addCounters(): void {
    for (const [name, description] of Object.entries(counterDescriptions)) {
      this.add(name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase(), {
        description,
        metric: gatewayMetric(name, { environment: this.environment.name }),
        threshold: 1,
      });
    }
  }

  private addFunctions(functions: readonly GatewayFunction[]): void {
    for (const { shortName, function: target } of functions) {
      this.add(`${shortName}-throttled`, {
        description: `Lambda throttles ${shortName}: the concurrency of the account, or the reserved concurrency of the function, is used up.`,
        metric: target.metricThrottles({ period }),
        threshold: 1,
      });
    }
    for (const { shortName, function: target } of functions.filter(({ id }) => id in jobs)) {
      this.add(`${shortName}-failing`, {
        description: `${shortName} failed. Its log has a line with the reason.`,
        metric: target.metricErrors({ period }),
        threshold: 1,
      });
    }
  }

  private addSecrets(): void {
    const { name: environment, rotateManageTokenHours } = this.environment;
    for (const { secret, job, hours } of rotationsOf(this.environment)) {
      this.add(`${secret}-overdue`, {
        description: `${secret} is older than one and a half rotation intervals. Look at the log of ${functionName(job)}, then rotate the secret by hand.`,
        ...gauge('secret_age_s', { environment, secret }, 'Maximum'),
        threshold: 1.5 * hours * hour,
      });
    }
    this.add('manage-token-expiring', {
      description:
        'The manage JWT expires within one rotation interval. Calls signed with an expired JWT fail with 503. Look at the log of rotate-manage-token, then rotate the secret by hand.',
      ...gauge('manage_token_life_s', { environment }, 'Minimum'),
      threshold: rotateManageTokenHours * hour,
      operator: below,
    });
  }

  private addCertificates(): void {
    const { name: environment, certificateTypes, fetchCertificatesHours } = this.environment;
    for (const certificate_type of certificateTypes) {
      this.add(`certificate-${certificate_type}-stale`, {
        description: `Two fetches in a row have not confirmed the certificate ${certificate_type}. Look at the log of fetch-certificates; partners receive the last confirmed one.`,
        ...gauge('certificate_age_s', { environment, certificate_type }, 'Maximum'),
        threshold: (2 * fetchCertificatesHours + 0.5) * hour,
      });
    }
  }

  private addQueue(name: string, what: string, queue: sqs.Queue): void {
    this.add(name, {
      description: `${what}: the queue ${resourceName(this.environment.name, name)} has its event. Purge the queue when the cause is fixed.`,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
      threshold: 1,
    });
  }

  private add(
    name: string,
    {
      description,
      metric,
      threshold,
      operator = atLeast,
      datapoints = [1, 1],
      missing = notBreaching,
    }: AlarmDefinition,
  ): void {
    const alarm = new cloudwatch.Alarm(this, name, {
      alarmName: resourceName(this.environment.name, name),
      alarmDescription: description,
      metric,
      threshold,
      comparisonOperator: operator,
      datapointsToAlarm: datapoints[0],
      evaluationPeriods: datapoints[1],
      treatMissingData: missing,
    });
    alarm.addAlarmAction(this.action);
    alarm.addOkAction(this.action);
    this.all.push(alarm);
  }
}

/** A gauge that the watch reports every five minutes; one report may be lost. Missing data is treated as breaching. */
function gauge(name: string, dimensions: Record<string, string>, statistic: string) {
  return { metric: gatewayMetric(name, dimensions, { statistic, period: Duration.minutes(15) }), missing: breaching };
}
