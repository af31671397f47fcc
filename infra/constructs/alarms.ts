import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { CountedEvent } from '#lib/operations/call.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { namespace } from '#lib/observability/log.ts';
import { functionName } from '#lib/operations/table.ts';
import type { Environment } from '../environment.ts';
import { resourceName } from '../names.ts';
import type { HttpApi } from './http-api.ts';
import { apiMetric, gatewayMetric } from './metrics.ts';
import { rotationsOf } from './rotation.ts';
import type { Schedules } from './schedules.ts';

/** What alarms look at. */
export interface AlarmsProps {
  name: string;
  settings: Environment;
  topic: sns.ITopic;
  api: HttpApi;
  functions: Readonly<Record<string, lambda.Function>>;
  schedules: Schedules;
}

interface Watched {
  /** What is wrong and what to do about it: whoever is woken reads it first. */
  description: string;
  metric: cloudwatch.IMetric;
  threshold: number;
  operator?: cloudwatch.ComparisonOperator;
  /** How many periods of how many have to be bad. */
  bad?: readonly [number, number];
  /** A gauge that is not reported is as bad as a bad one; of what is counted, nothing is good news. */
  missing?: cloudwatch.TreatMissingData;
}

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD: atLeast, LESS_THAN_THRESHOLD: below } = cloudwatch.ComparisonOperator;
const { BREACHING: breaching, NOT_BREACHING: fine } = cloudwatch.TreatMissingData;
const hour = 3600;
/** The watch reports every five minutes; a single report may be lost. */
const gaugePeriod = Duration.minutes(15);

/** What is counted and wakes someone; the rest can be read on the dashboard. */
const counts: Partial<Record<CountedEvent, string>> = {
  CredentialRejected:
    'Budgea rejects a credential that the gateway signs with, and there is no newer one. Look for CredentialRejected in the logs, which name the secret: set the new value, or rotate the manage token.',
  OwnershipConflict:
    'A user that was just created is recorded as another partner’s. Look for OwnershipConflict in the logs: Budgea gave an id twice, or the table was changed by hand.',
  UndoFailed:
    'A user or token that was refused to a partner is still there at Budgea. Look for UndoFailed in the logs and remove it by hand.',
  UnexpectedUser:
    'Budgea answered about another user than the one that was asked for; the call was refused with 502 and changed nothing. Look for UnexpectedUser in the logs and ask Budgea.',
};

/** The alarms of an environment; each tells when it begins and when it is over. */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = [];
  private readonly props: AlarmsProps;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.props = props;
    this.watchCalls(props.api);
    this.watchCounts();
    for (const [name, target] of Object.entries(props.functions)) this.watchThrottles(name, target);
    for (const job of Object.keys(jobs)) this.watchErrors(functionName(job));
    this.watchSecrets(props.settings);
    for (const type of props.settings.certificateTypes) this.watchCertificate(type, props.settings);
    this.watchQueue('undelivered-runs', 'A scheduled function could not be started', props.schedules.undelivered);
    this.watchQueue('failed-runs', 'A scheduled function failed, and so did its repeats', props.schedules.failed);
  }

  private watchCalls(api: HttpApi): void {
    const failed = apiMetric(api.id, '5xx');
    this.add('failing-calls', {
      description:
        'One call in twenty fails with a 5xx. The dashboard says which operations; their logs have a line with detail and cause for each.',
      metric: new cloudwatch.MathExpression({
        // Of a handful of calls, one is no share.
        expression: 'IF(failed >= 3, 100 * failed / calls, 0)',
        usingMetrics: { failed, calls: apiMetric(api.id, 'Count') },
        period: failed.period,
        label: 'failing calls, %',
      }),
      threshold: 5,
      bad: [2, 3],
    });
    this.add('slow-calls', {
      description: 'One call in a hundred takes five seconds or more. Compare upstream latency on the dashboard.',
      metric: apiMetric(api.id, 'Latency', 'p99'),
      threshold: 5_000,
      bad: [3, 3],
    });
    this.add('throttled-calls', {
      description:
        'API Gateway refuses calls with 429: more come than the environment’s throttling allows. Look at the dashboard for who sends them, then raise the limit or stop them.',
      metric: this.refusedCalls(api),
      threshold: 10,
    });
  }

  /** API Gateway counts its own refusals together with everyone's: the access log tells them apart, as no function was asked. */
  private refusedCalls(api: HttpApi): cloudwatch.Metric {
    const metricName = 'ThrottledCalls';
    new logs.MetricFilter(this, 'ThrottledCalls', {
      logGroup: api.accessLog,
      filterPattern: logs.FilterPattern.literal('{ $.status = "429" && $.integration_status = "-" }'),
      metricNamespace: namespace,
      metricName,
      metricValue: '1',
      dimensions: { environment: '$.environment' },
    });
    return gatewayMetric(metricName, { environment: this.props.name });
  }

  private watchCounts(): void {
    for (const [name, description] of Object.entries(counts)) {
      this.add(name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase(), {
        description,
        metric: gatewayMetric(name, { environment: this.props.name }),
        threshold: 1,
      });
    }
  }

  private watchThrottles(name: string, target: lambda.Function): void {
    this.add(`${name}-throttled`, {
      description: `Lambda refuses to run ${name}: the account’s concurrency, or the function’s own, is used up.`,
      metric: target.metricThrottles({ period: Duration.minutes(5) }),
      threshold: 1,
    });
  }

  private watchErrors(name: string): void {
    const target = this.props.functions[name];
    if (target === undefined) return;
    this.add(`${name}-failing`, {
      description: `${name} failed. Its log has a line with the reason.`,
      metric: target.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
    });
  }

  private watchSecrets(settings: Environment): void {
    const environment = this.props.name;
    for (const { secret, job, hours } of rotationsOf(settings)) {
      this.add(`${secret}-overdue`, {
        description: `${secret} is older than one and a half rotation intervals. Look at the log of ${functionName(job)}, then rotate the secret by hand.`,
        metric: gauge('secret_age_s', { environment, secret }, 'Maximum'),
        threshold: 1.5 * hours * hour,
        missing: breaching,
      });
    }
    this.add('manage-token-expiring', {
      description:
        'The manage JWT does not live until the next rotation but one: calls signed with it will answer 503. Look at the log of rotate-manage-token, then rotate the secret by hand.',
      metric: gauge('manage_token_life_s', { environment }, 'Minimum'),
      threshold: settings.rotateManageTokenHours * hour,
      operator: below,
      missing: breaching,
    });
  }

  private watchCertificate(type: string, { fetchCertificatesHours }: Environment): void {
    this.add(`certificate-${type}-stale`, {
      description: `Budgea has not confirmed the certificate ${type} twice in a row. Look at the log of fetch-certificates; partners get the last good one.`,
      metric: gauge('certificate_age_s', { environment: this.props.name, certificate_type: type }, 'Maximum'),
      threshold: (2 * fetchCertificatesHours + 0.5) * hour,
      missing: breaching,
    });
  }

  private watchQueue(name: string, what: string, queue: sqs.Queue): void {
    this.add(name, {
      description: `${what}: the queue ${resourceName(this.props.name, name)} says which. Purge it when the reason is gone.`,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold: 1,
    });
  }

  private add(
    name: string,
    { description, metric, threshold, operator = atLeast, bad: [bad, of] = [1, 1], missing = fine }: Watched,
  ): void {
    const alarm = new cloudwatch.Alarm(this, name, {
      alarmName: resourceName(this.props.name, name),
      alarmDescription: description,
      metric,
      threshold,
      comparisonOperator: operator,
      evaluationPeriods: of,
      datapointsToAlarm: bad,
      treatMissingData: missing,
    });
    const tell = new SnsAction(this.props.topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    this.all.push(alarm);
  }
}

function gauge(name: string, dimensions: Readonly<Record<string, string>>, statistic: string): cloudwatch.Metric {
  return gatewayMetric(name, dimensions, { statistic }).with({ period: gaugePeriod });
}
