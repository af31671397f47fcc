import { join } from 'node:path';
import { type Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { JobId } from '#lib/operations/jobs.ts';
import { functionName, type OperationId } from '#lib/operations/table.ts';
import type { PageId } from '#lib/operations/routes.ts';
import { resourceName } from '../names.ts';
import {
  statementsFor,
  variablesFor,
  type FunctionConfig,
  type FunctionNeeds,
  type ResourceArns,
  type Statement,
} from '../permissions.ts';
import type { Environment } from '../settings.ts';
import { createLogGroup } from './retention.ts';

/** The properties that all functions of an environment share. */
export interface SharedFunctionProps {
  environment: Environment;
  /** The folder with the bundles, `<function>/index.mjs`. */
  bundles: string;
  arns: ResourceArns;
  config: FunctionConfig;
}

/** The properties of a function. */
export interface GatewayFunctionProps extends SharedFunctionProps {
  /** The id of its row. */
  id: OperationId | PageId | JobId;
  needs: FunctionNeeds;
  description: string;
  timeout: Duration;
  /** Statements beside those for its needs. */
  statements?: readonly Statement[];
  /** Why it has no dead-letter queue. */
  withoutQueue: string;
}

/** A Lambda function with its own log group and its own role, which allows the needs of its row only. */
export class GatewayFunction extends Construct {
  readonly id: GatewayFunctionProps['id'];
  /** The name without the environment, `auth-init-post` for example. */
  readonly shortName: string;
  /** The settings of this function; those of jobs are fewer. */
  readonly settings: NonNullable<Environment['functions'][OperationId]>;
  readonly function: lambda.Function;
  /** What callers invoke: an alias if the function has provisioned concurrency. */
  readonly target: lambda.IFunction;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, props: GatewayFunctionProps) {
    super(scope, functionName(props.id));
    const { id, needs, environment } = props;
    this.id = id;
    this.shortName = functionName(id);
    this.settings = environment.functions[id] ?? {};
    const name = resourceName(environment.name, this.shortName);
    this.logGroup = createLogGroup(this, 'Log', `/aws/lambda/${name}`, environment);
    this.function = new lambda.Function(this, 'Function', {
      functionName: name,
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(join(props.bundles, this.shortName)),
      handler: 'index.handler',
      environment: variablesFor(needs, props.config) as Record<string, string>, // No value is undefined.
      timeout: props.timeout,
      memorySize: this.settings.memory ?? environment.memory,
      reservedConcurrentExecutions: this.settings.reservedConcurrency,
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: this.logGroup,
      role: this.createRole([...statementsFor(needs, props.arns), ...(props.statements ?? [])]),
    });
    const { provisionedConcurrency: provisionedConcurrentExecutions } = this.settings;
    this.target =
      provisionedConcurrentExecutions === undefined
        ? this.function
        : this.function.addAlias('live', { provisionedConcurrentExecutions });
    for (const rule of ['Serverless-LambdaDLQ', 'Serverless-LambdaAsyncFailureDestination']) {
      Validations.of(this.function).acknowledge({ id: rule, reason: props.withoutQueue });
    }
  }

  /** Creates a role that the CDK cannot add statements to. */
  private createRole(statements: readonly Statement[]): iam.IRole {
    const observability = [
      // The ARN ends with `:*`, which matches the streams of this log group.
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] },
      { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] },
    ];
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { needs: policyDocument([...statements, ...observability]) },
    });
    const reason =
      'X-Ray supports no resources. Gateway-RoleStatements rejects every other statement on all resources.';
    for (const id of ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions']) {
      Validations.of(role).acknowledge({ id, reason });
    }
    return role.withoutPolicyUpdates();
  }
}

/** Returns a policy of exactly these statements. */
export function policyDocument(statements: readonly Statement[]): iam.PolicyDocument {
  return new iam.PolicyDocument({
    minimize: false,
    statements: statements.map(
      ({ actions, resources, conditions }) =>
        new iam.PolicyStatement({ actions: [...actions], resources: [...resources], conditions }),
    ),
  });
}
