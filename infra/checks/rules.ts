import { Stack, type CfnResource } from 'aws-cdk-lib';
import { CfnApi, CfnDomainName, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';

/** A rule for synthesized resources. */
interface Rule {
  /** What is wrong with a resource that does not comply. */
  info: string;
  /** Why that matters. */
  explanation: string;
  /** Whether the resource complies; undefined if the rule does not apply to it. `resolve` returns a property as the template has it. */
  complies: (resource: CfnResource, resolve: (property: unknown) => unknown) => boolean | undefined;
}

interface PolicyDocument {
  Statement: { Effect: string; Action: string | string[]; Resource: unknown }[];
}

interface Throttling {
  throttlingRateLimit?: number;
  throttlingBurstLimit?: number;
}

/** The actions of these policies that support no resources: X-Ray's, and the settings of an account. */
const withoutResources = /^(?:xray:Put(?:TraceSegments|TelemetryRecords)|lambda:GetAccountSettings)$/;

/** Variables whose values callers choose: paths, queries and headers can contain tokens. */
const chosenByCaller =
  /\$context\.(path|customDomain|identity\.(userAgent|caller|user)|authorizer)|\$(input|request|stageVariables)/;

/**
 * The project's rules: requirements that cdk-nag has no rule for, and rules for HTTP APIs where cdk-nag checks REST APIs only. HTTP APIs have no
 * execution log (APIG6), web ACL (APIG3) or request validation (APIG2). The access log, the limits of each route and the functions' schemas
 * replace them.
 */
export const rules: Readonly<Record<string, Rule>> = {
  AlarmRecovery: {
    info: 'The alarm has no alarm action, OK action, description or treatment of missing data.',
    explanation: 'Operators are notified of the reason and of the recovery.',
    complies(resource, resolve) {
      if (!(resource instanceof CfnAlarm)) return undefined;
      const { alarmActions, okActions, alarmDescription, treatMissingData } = resource;
      return [alarmActions, okActions, alarmDescription, treatMissingData].every((each) => resolve(each) !== undefined);
    },
  },

  HttpApiAccessLog: {
    info: 'The HTTP API has no access log, or one that is not JSON or contains values chosen by callers.',
    explanation: 'Queries and headers of this API contain tokens, and CloudWatch finds fields in JSON only.',
    complies(resource, resolve) {
      if (!(resource instanceof CfnStage)) return undefined;
      const { format = '' } = (resolve(resource.accessLogSettings) ?? {}) as CfnStage.AccessLogSettingsProperty;
      return isJson(format) && !chosenByCaller.test(format);
    },
  },

  HttpApiCors: {
    info: 'The HTTP API allows pages of any origin to read responses, or allows credentials.',
    explanation: 'A page of another origin could act with the credentials of its visitor.',
    complies(resource, resolve) {
      if (!(resource instanceof CfnApi)) return undefined;
      const cors = (resolve(resource.corsConfiguration) ?? {}) as CfnApi.CorsProperty;
      const { allowOrigins = [], allowCredentials = false } = cors;
      return allowCredentials === false && allowOrigins.every((origin) => /^https:\/\/[^*]+$/.test(origin));
    },
  },

  HttpApiEndpoint: {
    info: 'The HTTP API has a domain, but keeps its default endpoint or accepts TLS below 1.2.',
    explanation: 'The default endpoint bypasses the protection of the domain.',
    complies(resource, resolve) {
      if (!(resource instanceof CfnApi)) return undefined;
      const domains = siblings(resource).filter((each) => each instanceof CfnDomainName);
      const configurations = domains.flatMap(
        (domain) => resolve(domain.domainNameConfigurations) as { securityPolicy?: string }[],
      );
      if (domains.length === 0) return true;
      const requiresTls12 = configurations.every(({ securityPolicy }) => securityPolicy === 'TLS_1_2');
      return resolve(resource.disableExecuteApiEndpoint) === true && requiresTls12;
    },
  },

  HttpApiThrottling: {
    info: 'A route of the HTTP API has no rate and burst limit.',
    explanation: 'If routes share a limit, too many requests to one route block all routes.',
    complies(resource, resolve) {
      if (!(resource instanceof CfnStage)) return undefined;
      const limits = (resolve(resource.routeSettings) ?? {}) as Record<string, Throttling>;
      const routes = siblings(resource).filter((each) => each instanceof CfnRoute);
      return routes.every(({ routeKey }) => {
        const { throttlingRateLimit = 0, throttlingBurstLimit = 0 } = limits[routeKey] ?? {};
        return throttlingRateLimit > 0 && throttlingBurstLimit > 0;
      });
    },
  },

  InvokePermission: {
    info: 'The permission to invoke the function has no source account or no source ARN.',
    explanation: 'An API or a secret of another account could invoke the function (“confused deputy”).',
    complies(resource, resolve) {
      if (!(resource instanceof CfnPermission)) return undefined;
      return [resource.sourceAccount, resource.sourceArn].every((source) => resolve(source) !== undefined);
    },
  },

  RoleStatements: {
    info: 'A role has a managed or attached policy, or a statement without named actions and resources.',
    explanation: 'The permissions of a function are in its inline policy only and follow from its row.',
    complies(resource, resolve) {
      if (resource instanceof CfnPolicy) return false;
      if (resource instanceof CfnManagedPolicy) return isNarrow(resolve(resource.policyDocument) as PolicyDocument);
      if (!(resource instanceof CfnRole)) return undefined;
      const policies = (resolve(resource.policies) ?? []) as { policyDocument: PolicyDocument }[];
      const managed = (resolve(resource.managedPolicyArns) ?? []) as unknown[];
      return managed.length === 0 && policies.every(({ policyDocument }) => isNarrow(policyDocument));
    },
  },

  SecretValue: {
    info: 'The deployment sets or rotates the value of the secret, or the secret has no customer managed key.',
    explanation: 'Functions would sign with a random value at once, and templates are readable.',
    complies(resource, resolve) {
      if (resource instanceof CfnRotationSchedule) return resolve(resource.rotateImmediatelyOnUpdate) === false;
      if (!(resource instanceof CfnSecret)) return undefined;
      const { secretString, generateSecretString, kmsKeyId } = resource;
      const hasValue = [secretString, generateSecretString].some((value) => resolve(value) !== undefined);
      return !hasValue && resolve(kmsKeyId) !== undefined;
    },
  },
};

function siblings(resource: CfnResource) {
  return Stack.of(resource).node.findAll();
}

function isJson(format: string): boolean {
  try {
    return typeof JSON.parse(format) === 'object';
  } catch {
    return false;
  }
}

function isNarrow({ Statement }: PolicyDocument): boolean {
  return Statement.every(({ Effect, Action, Resource }) => {
    const everywhere = [Resource].flat().includes('*');
    const isNamed = (action: string) => !action.includes('*') && (!everywhere || withoutResources.test(action));
    return Effect === 'Allow' && [Action].flat().every(isNamed);
  });
}
