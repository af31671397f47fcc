import { Stack, type App, type CfnResource } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NagMessageLevel, NagPack, NagRuleCompliance, ServerlessChecks } from 'cdk-nag';
import { rules } from './rules.ts';

/** The project's rules as a cdk-nag pack. */
class GatewayChecks extends NagPack {
  readonly name = 'Gateway';
  protected override packName = 'Gateway';

  protected checkResource(node: CfnResource): void {
    const resolve = (property: unknown): unknown => Stack.of(node).resolve(property);
    for (const [name, { info, explanation, complies }] of Object.entries(rules)) {
      this.applyRule({
        ruleSuffixOverride: name,
        info,
        explanation,
        level: NagMessageLevel.ERROR,
        node,
        rule: (resource) => compliance(complies(resource, resolve)),
      });
    }
  }
}

/** Returns the rule packs that a synthesis has to pass, beside the validation of CloudFormation. */
export function checks(app: App): NagPack[] {
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app), new GatewayChecks(app)];
}

function compliance(complies: boolean | undefined): NagRuleCompliance {
  if (complies === undefined) return NagRuleCompliance.NOT_APPLICABLE;
  return complies ? NagRuleCompliance.COMPLIANT : NagRuleCompliance.NON_COMPLIANT;
}
