import { Stack, type CfnResource } from 'aws-cdk-lib';

/** One thing that every synthesized resource of a kind has to be. */
export interface Rule {
  /** What is wrong with a resource that does not comply. */
  info: string;
  /** Why that matters. */
  explanation: string;
  /** Whether the resource complies; undefined when the rule is not about it. */
  complies: (resource: CfnResource) => boolean | undefined;
}

/** A property as the template will have it. */
export function resolved(resource: CfnResource, property: unknown): unknown {
  return Stack.of(resource).resolve(property);
}
