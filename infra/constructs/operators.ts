import { Aws, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Reachable } from '../grants.ts';
import { resourceName } from '../names.ts';
import { operatorStatements } from '../operator.ts';
import { policyDocument } from './gateway-function.ts';

/** What operators of an environment reach. */
export interface OperatorsProps {
  /** The environment's name. */
  name: string;
  reachable: Reachable;
  /** ARNs. */
  rotationFunctions: readonly string[];
  logGroups: readonly string[];
}

/**
 * What the command line needs: to change partners, to set and rotate secrets and to see their state, to examine what is deployed and to follow
 * calls. It reads no secret's value.
 */
export class Operators extends Construct {
  constructor(scope: Construct, id: string, { name, reachable, ...deployment }: OperatorsProps) {
    super(scope, id);
    const stacks = ['foundation', 'gateway'].map((part) =>
      arn('cloudformation', `stack/${resourceName(name, part)}/*`),
    );
    const alarms = arn('cloudwatch', 'alarm:*');
    const policy = new iam.ManagedPolicy(this, 'Policy', {
      managedPolicyName: `${resourceName(name, 'operator')}-${Stack.of(this).region}`,
      description: `Running the command line of the Budgea authentication gateway ${name}`,
      document: policyDocument(operatorStatements(reachable, { ...deployment, stacks, alarms })),
    });
    acknowledge(policy, '*', 'An account’s settings have no resource that a permission could name.');
    acknowledge(policy, alarms, 'Whoever lists alarms, though by the beginning of their names, has to be allowed all.');
    for (const each of stacks) acknowledge(policy, each, 'The end of a stack’s ARN is not known before it is made.');
    new CfnOutput(this, 'PolicyArn', { value: policy.managedPolicyArn }).overrideLogicalId('OperatorPolicy');
  }
}

/** With pseudo parameters wherever the environment is, so that the text is known. */
function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}

function acknowledge(policy: iam.ManagedPolicy, resource: string, reason: string): void {
  const written = resource
    .replace(Aws.PARTITION, '<AWS::Partition>')
    .replace(Aws.REGION, '<AWS::Region>')
    .replace(Aws.ACCOUNT_ID, '<AWS::AccountId>');
  Validations.of(policy).acknowledge({ id: `AwsSolutions-IAM5[Resource::${written}]`, reason });
}
