import { join } from 'node:path';
import { type Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionName } from '#lib/operations/table.ts';
import type { Environment } from '../environment.ts';
import { statementsFor, variablesFor, type Reachable, type Row, type Statement, type Told } from '../grants.ts';
import { resourceName } from '../names.ts';
import { afterDeletion } from './retention.ts';

/** What every function of an environment has in common. */
export interface Surroundings {
  /** The environment's name. */
  name: string;
  settings: Environment;
  /** The folder with the bundles, `<function>/index.mjs`. */
  bundles: string;
  reachable: Reachable;
  told: Told;
}

/** What is particular to a function. */
export interface GatewayFunctionProps {
  /** The name of its row. */
  id: string;
  row: Row;
  description: string;
  timeout: Duration;
  memory?: number | undefined;
  reservedConcurrency?: number | undefined;
  provisionedConcurrency?: number | undefined;
  /** What it may do beside what its row needs. */
  statements?: readonly Statement[];
}

/** One Lambda function with its log and its role, both of its own: the role allows what the row needs and not a call more. */
export class GatewayFunction extends Construct {
  readonly function: lambda.Function;
  /** What is invoked: an alias where containers are kept warm. */
  readonly target: lambda.IFunction;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, surroundings: Surroundings, props: GatewayFunctionProps) {
    super(scope, functionName(props.id));
    const { name, settings, bundles, reachable, told } = surroundings;
    const fullName = resourceName(name, functionName(props.id));
    this.logGroup = new logs.LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${fullName}`,
      retention: settings.logRetentionDays,
      removalPolicy: afterDeletion(settings),
    });
    this.function = new lambda.Function(this, 'Function', {
      functionName: fullName,
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(join(bundles, functionName(props.id))),
      handler: 'index.handler',
      environment: variablesFor(props.row, told) as Record<string, string>, // What it has is no undefined.
      timeout: props.timeout,
      memorySize: props.memory ?? settings.memory,
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: this.logGroup,
      role: this.createRole([...statementsFor(props.row, reachable), ...(props.statements ?? [])]),
    });
    this.target =
      props.provisionedConcurrency === undefined
        ? this.function
        : this.function.addAlias('live', { provisionedConcurrentExecutions: props.provisionedConcurrency });
  }

  /** The CDK may add nothing to it: what a function can do is written here and in its row. */
  private createRole(statements: readonly Statement[]): iam.IRole {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { needs: policyDocument([...statements, ...this.observability()]) },
    });
    const reason =
      'X-Ray has no resources that a permission could name. Gateway-RoleStatements lets nothing else through.';
    for (const id of ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions']) {
      Validations.of(role).acknowledge({ id, reason });
    }
    return role.withoutPolicyUpdates();
  }

  private observability(): Statement[] {
    return [
      // The ARN ends with `:*`, which stands for the streams of this one log.
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] },
      { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] },
    ];
  }
}

/** A policy of exactly these statements. */
export function policyDocument(statements: readonly Statement[]): iam.PolicyDocument {
  return new iam.PolicyDocument({
    minimize: false,
    statements: statements.map(
      ({ actions, resources, conditions }) =>
        new iam.PolicyStatement({
          actions: [...actions],
          resources: [...resources],
          ...(conditions && { conditions }),
        }),
    ),
  });
}
