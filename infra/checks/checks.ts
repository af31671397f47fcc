import type { App, CfnResource } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NagMessageLevel, NagPack, NagRuleCompliance, ServerlessChecks } from 'cdk-nag';
import { AlarmRecovery } from './alarm-recovery.ts';
import { HttpApiAccessLog } from './http-api-access-log.ts';
import { HttpApiCors } from './http-api-cors.ts';
import { HttpApiEndpoint } from './http-api-endpoint.ts';
import { HttpApiThrottling } from './http-api-throttling.ts';
import { InvokePermission } from './invoke-permission.ts';
import { RoleStatements } from './role-statements.ts';
import type { Rule } from './rule.ts';
import { SecretValue } from './secret-value.ts';

/**
 * Rules of this project: what cdk-nag cannot know, and where it looks at REST APIs alone. Of those, an HTTP API has no execution log (APIG6), no
 * web ACL (APIG3) and no request validation (APIG2): its access log, limits on every route and the functions' own schemas stand for them.
 */
const rules: Readonly<Record<string, Rule>> = {
  AlarmRecovery,
  HttpApiAccessLog,
  HttpApiCors,
  HttpApiEndpoint,
  HttpApiThrottling,
  InvokePermission,
  RoleStatements,
  SecretValue,
};

/** The project's own rules as a pack of cdk-nag. */
class GatewayChecks extends NagPack {
  readonly name = 'Gateway';
  protected override packName = 'Gateway';

  protected checkResource(node: CfnResource): void {
    for (const [name, { info, explanation, complies }] of Object.entries(rules)) {
      this.applyRule({
        ruleSuffixOverride: name,
        info,
        explanation,
        level: NagMessageLevel.ERROR,
        node,
        rule: (resource) => compliance(complies(resource)),
      });
    }
  }
}

/** Everything that a synthesis has to pass, beside CloudFormation's own validation. */
export function checks(app: App): NagPack[] {
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app), new GatewayChecks(app)];
}

function compliance(complies: boolean | undefined): NagRuleCompliance {
  if (complies === undefined) return NagRuleCompliance.NOT_APPLICABLE;
  return complies ? NagRuleCompliance.COMPLIANT : NagRuleCompliance.NON_COMPLIANT;
}
