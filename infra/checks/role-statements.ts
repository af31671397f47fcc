import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { resolved, type Rule } from './rule.ts';

interface Document {
  Statement: { Effect: string; Action: string | string[]; Resource: unknown }[];
}

/** X-Ray and an account's settings have no resources that a permission could name. */
const withoutResources = /^(?:xray:Put(?:TraceSegments|TelemetryRecords)|lambda:GetAccountSettings)$/;

/** Roles allow named actions on named resources, in their own words: no managed policies, nothing added elsewhere. */
export const RoleStatements: Rule = {
  info: 'A role has a managed policy, or a statement without named actions and resources.',
  explanation: 'What a function may do has to be read in one place, and follows from its row.',
  complies(resource) {
    if (resource instanceof CfnPolicy) return false;
    if (resource instanceof CfnManagedPolicy) return isNamed(resolved(resource, resource.policyDocument) as Document);
    if (!(resource instanceof CfnRole)) return undefined;
    const policies = (resolved(resource, resource.policies) ?? []) as { policyDocument: Document }[];
    const managed = (resolved(resource, resource.managedPolicyArns) ?? []) as unknown[];
    return managed.length === 0 && policies.every(({ policyDocument }) => isNamed(policyDocument));
  },
};

function isNamed({ Statement }: Document): boolean {
  return Statement.every(({ Effect, Action, Resource }) => {
    const actions = [Action].flat();
    const everywhere = [Resource].flat().includes('*');
    return (
      Effect === 'Allow' &&
      actions.every((action) => !action.includes('*') && (!everywhere || withoutResources.test(action)))
    );
  });
}
