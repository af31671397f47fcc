import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { resolved, type Rule } from './rule.ts';

/** A service may run a function only for a resource of this account. */
export const InvokePermission: Rule = {
  info: 'A service may run the function for whoever asks it to.',
  explanation: 'Without source account and source ARN, someone else’s API or secret could run it (“confused deputy”).',
  complies(resource) {
    if (!(resource instanceof CfnPermission)) return undefined;
    return [resource.sourceAccount, resource.sourceArn].every((source) => resolved(resource, source) !== undefined);
  },
};
