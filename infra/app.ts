import { App, Tags, Validations } from 'aws-cdk-lib';
import { bundleFunctions, bundlesFolder } from './bundle.ts';
import { checks } from './checks/checks.ts';
import { environments } from './environments.ts';
import { EnvironmentStage } from './stacks/environment-stage.ts';

// The CDK runs this program. Each environment is a stage; a pattern such as `dev/*` selects its stacks.

await bundleFunctions(bundlesFolder);
const app = new App();
const selected: unknown = app.node.tryGetContext('environment');
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
for (const [name, settings] of Object.entries(environments)) {
  if (selected !== undefined && selected !== name) continue;
  const stage = new EnvironmentStage(app, name, { settings, bundles: bundlesFolder, profile: { account, region } });
  Tags.of(stage).add('application', 'budgea-auth-gateway');
  Tags.of(stage).add('environment', name);
}
Validations.of(app).addPlugins(...checks(app));
