import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { EnvironmentSettings } from '../settings.ts';
import { Foundation } from './foundation.ts';
import { Gateway } from './gateway.ts';

/** The properties of an environment. */
export interface EnvironmentStageProps {
  settings: EnvironmentSettings;
  /** The folder with the bundles. */
  bundles: string;
  /** Account and region for settings that name none. */
  profile?: { account?: string | undefined; region?: string | undefined };
}

/** An environment: a stack with data, and a stack that can be deleted and deployed again. */
export class EnvironmentStage extends Stage {
  readonly foundation: Foundation;
  readonly gateway: Gateway;

  constructor(scope: Construct, name: string, { settings, bundles, profile = {} }: EnvironmentStageProps) {
    const { account = profile.account, region = profile.region } = settings;
    super(scope, name, { env: { ...(account && { account }), ...(region && { region }) } });
    const environment = { ...settings, name };
    this.foundation = new Foundation(this, 'Foundation', environment);
    this.gateway = new Gateway(this, 'Gateway', environment, this.foundation, bundles);
  }
}
