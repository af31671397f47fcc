import { Stack } from 'aws-cdk-lib';
import { CfnApi, CfnDomainName } from 'aws-cdk-lib/aws-apigatewayv2';
import { resolved, type Rule } from './rule.ts';

/** An HTTP API with a domain of its own answers there alone, and speaks TLS 1.2 at least. */
export const HttpApiEndpoint: Rule = {
  info: 'The HTTP API answers beside its domain, or speaks old TLS there.',
  explanation: 'What protects the domain protects nothing as long as there is another way in.',
  complies(resource) {
    if (!(resource instanceof CfnApi)) return undefined;
    const domains = Stack.of(resource)
      .node.findAll()
      .filter((each) => each instanceof CfnDomainName);
    if (domains.length === 0) return true;
    return resolved(resource, resource.disableExecuteApiEndpoint) === true && domains.every(speaksNewTls);
  },
};

function speaksNewTls(domain: CfnDomainName): boolean {
  const configurations = resolved(domain, domain.domainNameConfigurations) as { securityPolicy?: string }[];
  return configurations.every(({ securityPolicy }) => securityPolicy === 'TLS_1_2');
}
