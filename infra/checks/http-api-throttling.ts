import { Stack } from 'aws-cdk-lib';
import { CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { resolved, type Rule } from './rule.ts';

interface Throttling {
  throttlingRateLimit?: number;
  throttlingBurstLimit?: number;
}

/** Every route of an HTTP API has limits of its own: one operation's callers cannot use up another's. */
export const HttpApiThrottling: Rule = {
  info: 'A route of the HTTP API has no limits of its own.',
  explanation: 'Limits that routes share let a flood on one route shut all of them.',
  complies(resource) {
    if (!(resource instanceof CfnStage)) return undefined;
    const limits = resolved(resource, resource.routeSettings) as Record<string, Throttling> | undefined;
    const routes = Stack.of(resource)
      .node.findAll()
      .filter((each) => each instanceof CfnRoute);
    return routes.every(({ routeKey }) => isThrottled(limits?.[routeKey]));
  },
};

function isThrottled({ throttlingRateLimit = 0, throttlingBurstLimit = 0 }: Throttling = {}): boolean {
  return throttlingRateLimit > 0 && throttlingBurstLimit > 0;
}
