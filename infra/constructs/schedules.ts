import { Aws, Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { jobs, type JobId } from '#lib/operations/jobs.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { resourceName } from '../names.ts';
import type { Environment } from '../settings.ts';
import { policyDocument, type GatewayFunction } from './gateway-function.ts';

/** When a function runs, and what follows a failure. */
export interface ScheduleProps {
  expression: string;
  /** How long an undelivered or failed run is retried. */
  maxAge: Duration;
  /** How often a failed run is retried. */
  retries: number;
}

/** The schedules of jobs in EventBridge Scheduler, and two queues for failures. */
export class Schedules extends Construct {
  /** Runs that could not be delivered. */
  readonly undelivered: sqs.Queue;
  /** Runs that failed, retries included. */
  readonly failed: sqs.Queue;
  private readonly group: scheduler.CfnScheduleGroup;
  private readonly environment: Environment;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    this.environment = environment;
    this.undelivered = this.createQueue('Undelivered', 'undelivered-runs');
    this.failed = this.createQueue('Failed', 'failed-runs');
    this.group = new scheduler.CfnScheduleGroup(this, 'Group', { name: resourceName(environment.name, 'jobs') });
  }

  /** Runs a function on a schedule. Its role has to allow it to send to the queue of failed runs. */
  add({ shortName, function: target }: GatewayFunction, { expression, maxAge, retries }: ScheduleProps): void {
    target.configureAsyncInvoke({
      retryAttempts: retries,
      maxEventAge: maxAge,
      onFailure: { bind: () => ({ destination: this.failed.queueArn }) },
    });
    const role = new iam.Role(this, `${shortName}-role`, {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': this.group.attrArn } },
      }),
      inlinePolicies: {
        run: policyDocument([
          { actions: ['lambda:InvokeFunction'], resources: [target.functionArn] },
          { actions: ['sqs:SendMessage'], resources: [this.undelivered.queueArn] },
        ]),
      },
    });
    new scheduler.CfnSchedule(this, `${shortName}-schedule`, {
      name: resourceName(this.environment.name, shortName),
      groupName: this.group.ref,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        input: '{}',
        retryPolicy: { maximumEventAgeInSeconds: maxAge.toSeconds(), maximumRetryAttempts: 5 },
        deadLetterConfig: { arn: this.undelivered.queueArn },
      },
    });
  }

  private createQueue(id: string, name: string): sqs.Queue {
    const queue = new sqs.Queue(this, id, {
      queueName: resourceName(this.environment.name, name),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    for (const rule of ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy']) {
      Validations.of(queue).acknowledge({ id: rule, reason: 'It is a dead-letter queue.' });
    }
    return queue;
  }
}

/** The rotation of a secret by a function. Secrets Manager does not rotate it during a deployment. */
export class Rotation extends Construct {
  constructor(scope: Construct, id: string, secretArn: string, rotator: lambda.IFunction, hours: number) {
    super(scope, id);
    const permission = new lambda.CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: rotator.functionArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Aws.ACCOUNT_ID,
      sourceArn: secretArn,
    });
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: secretArn,
      rotationLambdaArn: rotator.functionArn,
      // The default window of a rate in days is a whole day.
      rotationRules: { scheduleExpression: rate(hours), duration: '1h' },
      rotateImmediatelyOnUpdate: false,
    });
    // Secrets Manager invokes the function when the schedule is created.
    schedule.addResourceDependency(permission);
  }
}

type RotatedSecret = Extract<(typeof jobs)[JobId], { rotates: SecretName }>['rotates'];

const rotationHours: Record<RotatedSecret, (environment: Environment) => number> = {
  'manage-token': ({ rotateManageTokenHours }) => rotateManageTokenHours,
  'sealing-keys': ({ rotateSealingKeysDays }) => 24 * rotateSealingKeysDays,
};

/** Returns the rotated secrets, each with the id of its function and its rotation interval in hours. */
export function rotationsOf(environment: Environment): { secret: RotatedSecret; job: JobId; hours: number }[] {
  const rows = Object.entries(jobs) as [JobId, (typeof jobs)[JobId]][]; // A table has the keys of its type only.
  return rows.flatMap(([job, row]) =>
    'rotates' in row ? [{ secret: row.rotates, job, hours: rotationHours[row.rotates](environment) }] : [],
  );
}

/** Returns a rate expression for Secrets Manager and EventBridge Scheduler. */
export function rate(hours: number): string {
  const [count, unit] = hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return `rate(${count} ${unit}${count === 1 ? '' : 's'})`;
}
