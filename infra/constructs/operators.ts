import { Aws, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { resourceName } from '../names.ts';
import { operatorStatements, type OperatorArns } from '../operator.ts';
import type { ResourceArns } from '../permissions.ts';
import { policyDocument } from './gateway-function.ts';

/** The properties of the operators' policy. */
export interface OperatorsProps extends Pick<OperatorArns, 'rotationFunctions' | 'logGroups'> {
  /** The name of the environment. */
  name: string;
  arns: ResourceArns;
}

/** The managed policy for the command line. */
export class Operators extends Construct {
  constructor(scope: Construct, id: string, { name, arns, ...functions }: OperatorsProps) {
    super(scope, id);
    const stacks = ['foundation', 'gateway'].map((part) =>
      arn('cloudformation', `stack/${resourceName(name, part)}/*`),
    );
    const alarms = arn('cloudwatch', 'alarm:*');
    const policy = new iam.ManagedPolicy(this, 'Policy', {
      managedPolicyName: `${resourceName(name, 'operator')}-${Stack.of(this).region}`,
      description: `Running the command line of the Budgea authentication gateway ${name}`,
      document: policyDocument(operatorStatements(arns, { ...functions, stacks, alarms })),
    });
    acknowledge(policy, '*', 'The settings of an account have no resource that a permission could name.');
    acknowledge(policy, alarms, 'DescribeAlarms supports no narrower resource, even with a name prefix.');
    for (const stack of stacks)
      acknowledge(policy, stack, 'The ARN of a stack ends with an id that is not known here.');
    new CfnOutput(this, 'PolicyArn', { value: policy.managedPolicyArn }).overrideLogicalId('OperatorPolicy');
  }
}

/** Uses pseudo parameters even where account and region are known, so that `acknowledge` can match the text. */
function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}

function acknowledge(policy: iam.ManagedPolicy, resource: string, reason: string): void {
  const text = resource
    .replace(Aws.PARTITION, '<AWS::Partition>')
    .replace(Aws.REGION, '<AWS::Region>')
    .replace(Aws.ACCOUNT_ID, '<AWS::AccountId>');
  Validations.of(policy).acknowledge({ id: `AwsSolutions-IAM5[Resource::${text}]`, reason });
}
