import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Reachable } from '../grants.ts';
import { resourceName } from '../names.ts';
import { operatorStatements } from '../operator.ts';
import { policyDocument } from './gateway-function.ts';

/** What the command line needs: to change partners, to set and rotate secrets and to see their state. It reads no secret's value. */
export class Operators extends Construct {
  constructor(scope: Construct, id: string, name: string, reachable: Reachable, rotationFunctions: readonly string[]) {
    super(scope, id);
    const policy = new iam.ManagedPolicy(this, 'Policy', {
      managedPolicyName: `${resourceName(name, 'operator')}-${Stack.of(this).region}`,
      description: `Running the command line of the Budgea authentication gateway ${name}`,
      document: policyDocument(operatorStatements(reachable, rotationFunctions)),
    });
    new CfnOutput(this, 'PolicyArn', { value: policy.managedPolicyArn }).overrideLogicalId('OperatorPolicy');
  }
}
