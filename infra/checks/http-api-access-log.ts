import { CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { resolved, type Rule } from './rule.ts';

/** What a caller chooses: a path or a query can hold a token, and so can whatever API Gateway repeats of a header. */
const chosenByCaller =
  /\$context\.(path|customDomain|identity\.(userAgent|caller|user)|authorizer)|\$(input|request|stageVariables)/;

/** Access logs of an HTTP API are JSON lines without anything that a caller chose. */
export const HttpApiAccessLog: Rule = {
  info: 'The HTTP API logs calls not at all, not as JSON, or with what callers sent.',
  explanation: 'Queries and headers of this API hold tokens, and only JSON can be searched by field.',
  complies(resource) {
    if (!(resource instanceof CfnStage)) return undefined;
    const format = formatOf(resolved(resource, resource.accessLogSettings));
    return format !== undefined && isJson(format) && !chosenByCaller.test(format);
  },
};

function formatOf(settings: unknown): string | undefined {
  const { format } = (settings ?? {}) as { format?: unknown };
  return typeof format === 'string' ? format : undefined;
}

function isJson(format: string): boolean {
  try {
    return typeof JSON.parse(format) === 'object';
  } catch {
    return false;
  }
}
