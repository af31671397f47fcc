import { Aws } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { jobs, type JobId } from '#lib/operations/jobs.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { Environment } from '../environment.ts';

type Rotated = Extract<(typeof jobs)[JobId], { rotates: SecretName }>['rotates'];

const hoursBetween: Record<Rotated, (settings: Environment) => number> = {
  'manage-token': ({ rotateManageTokenHours }) => rotateManageTokenHours,
  'sealing-keys': ({ rotateSealingKeysDays }) => 24 * rotateSealingKeysDays,
};

/** The secrets that an environment rotates, each with its function's row and the hours between two rotations. */
export function rotationsOf(settings: Environment): { secret: Rotated; job: JobId; hours: number }[] {
  const ids = Object.keys(jobs) as JobId[]; // A table's keys are its rows' names.
  return ids.flatMap((job) => {
    const row = jobs[job];
    return 'rotates' in row ? [{ secret: row.rotates, job, hours: hoursBetween[row.rotates](settings) }] : [];
  });
}

/** How a secret is rotated. */
export interface RotationProps {
  secretArn: string;
  rotatedBy: lambda.IFunction;
  hours: number;
}

/** Lets Secrets Manager rotate one secret with one function. Deploying rotates nothing. */
export class Rotation extends Construct {
  constructor(scope: Construct, id: string, { secretArn, rotatedBy, hours }: RotationProps) {
    super(scope, id);
    const permission = new lambda.CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: rotatedBy.functionArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Aws.ACCOUNT_ID,
      sourceArn: secretArn,
    });
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: secretArn,
      rotationLambdaArn: rotatedBy.functionArn,
      // Within an hour: a rate in days would leave it the whole day.
      rotationRules: { scheduleExpression: rate(hours), duration: '1h' },
      rotateImmediatelyOnUpdate: false,
    });
    // Secrets Manager tries the function when the schedule is made.
    schedule.addResourceDependency(permission);
  }
}

/** A rate as Secrets Manager and EventBridge Scheduler write it. */
export function rate(hours: number): string {
  const [count, unit] = hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return `rate(${count} ${unit}${count === 1 ? '' : 's'})`;
}
