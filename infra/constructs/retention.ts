import { RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Environment } from '../settings.ts';

/** Returns the removal policy of data and logs: production keeps them when the stack is deleted, unless its creation failed. */
export function removalPolicyOf({ production }: Environment): RemovalPolicy {
  return production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/** Creates a log group with the retention of the environment. */
export function createLogGroup(scope: Construct, id: string, logGroupName: string, environment: Environment) {
  return new logs.LogGroup(scope, id, {
    logGroupName,
    retention: environment.logRetentionDays,
    removalPolicy: removalPolicyOf(environment),
  });
}
