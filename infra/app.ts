import { App, Tags, Validations } from 'aws-cdk-lib';
import { bundleFunctions, bundlesFolder } from './bundle.ts';
import { checks } from './checks/checks.ts';
import { environments } from './environments.ts';
import { EnvironmentStage } from './stacks/environment-stage.ts';

// The CDK runs this program; every environment is a Stage, deployed by a pattern such as `dev/*`.

await bundleFunctions(bundlesFolder);
const app = new App();
const only: unknown = app.node.tryGetContext('environment');
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
for (const [name, settings] of Object.entries(environments)) {
  if (only !== undefined && only !== name) continue;
  const stage = new EnvironmentStage(app, name, { settings, bundles: bundlesFolder, profile: { account, region } });
  Tags.of(stage).add('application', 'budgea-auth-gateway');
  Tags.of(stage).add('environment', name);
}
Validations.of(app).addPlugins(...checks(app));
