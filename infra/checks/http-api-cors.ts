import { CfnApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { resolved, type Rule } from './rule.ts';

/** Pages of named https origins alone may read an HTTP API's answers, and never with a browser's own credentials. */
export const HttpApiCors: Rule = {
  info: 'The HTTP API lets pages of any origin read its answers, or with cookies.',
  explanation: 'A page that a partner did not make could use what its visitor may do.',
  complies(resource) {
    if (!(resource instanceof CfnApi)) return undefined;
    const cors = resolved(resource, resource.corsConfiguration) as CfnApi.CorsProperty | undefined;
    if (cors === undefined) return true;
    const { allowOrigins = [], allowCredentials = false } = cors;
    return allowCredentials === false && allowOrigins.every((origin) => /^https:\/\/[^*]+$/.test(origin));
  },
};
