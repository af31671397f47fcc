import { Aws, Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { resourceName } from '../names.ts';
import { policyDocument } from './gateway-function.ts';

/** When a function runs, and what follows a failure. */
export interface ScheduleProps {
  function: lambda.Function;
  expression: string;
  /** How long a run that could not be delivered, or that failed, is worth another try. */
  worthRepeating: Duration;
  /** How often a failed run is repeated. */
  repeats: number;
}

/** The scheduled functions: EventBridge Scheduler runs them, and two queues keep what came to nothing. */
export class Schedules extends Construct {
  /** Runs that could not be delivered. */
  readonly undelivered: sqs.Queue;
  /** Runs that failed, repeats included. */
  readonly failed: sqs.Queue;
  private readonly group: scheduler.CfnScheduleGroup;
  private readonly name: string;

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    this.name = name;
    this.undelivered = this.createQueue('Undelivered', 'undelivered-runs');
    this.failed = this.createQueue('Failed', 'failed-runs');
    this.group = new scheduler.CfnScheduleGroup(this, 'Group', { name: resourceName(name, 'jobs') });
  }

  /** Runs a function on a schedule. */
  add(id: string, { function: target, expression, worthRepeating, repeats }: ScheduleProps): void {
    // Its role may send to the queue: its row's construct says so.
    target.configureAsyncInvoke({
      retryAttempts: repeats,
      maxEventAge: worthRepeating,
      onFailure: { bind: () => ({ destination: this.failed.queueArn }) },
    });
    const role = new iam.Role(this, `${id}-role`, {
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
    new scheduler.CfnSchedule(this, `${id}-schedule`, {
      name: resourceName(this.name, id),
      groupName: this.group.ref,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        input: '{}',
        retryPolicy: { maximumEventAgeInSeconds: worthRepeating.toSeconds(), maximumRetryAttempts: 5 },
        deadLetterConfig: { arn: this.undelivered.queueArn },
      },
    });
  }

  private createQueue(id: string, name: string): sqs.Queue {
    const queue = new sqs.Queue(this, id, {
      queueName: resourceName(this.name, name),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    for (const rule of ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy']) {
      Validations.of(queue).acknowledge({ id: rule, reason: 'It is a dead-letter queue, which only people read.' });
    }
    return queue;
  }
}
