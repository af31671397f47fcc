import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../environment.ts';
import { Foundation } from './foundation.ts';
import { Gateway } from './gateway.ts';

/** Where an environment goes that does not say it. */
export interface Profile {
  account?: string | undefined;
  region?: string | undefined;
}

/** One environment: what keeps data, and what can be thrown away. */
export class EnvironmentStage extends Stage {
  readonly foundation: Foundation;
  readonly gateway: Gateway;

  constructor(
    scope: Construct,
    name: string,
    { settings, bundles, profile = {} }: { settings: Environment; bundles: string; profile?: Profile },
  ) {
    const { account = profile.account, region = profile.region } = settings;
    super(scope, name, { env: { ...(account && { account }), ...(region && { region }) } });
    this.foundation = new Foundation(this, 'Foundation', name, settings);
    this.gateway = new Gateway(this, 'Gateway', { name, settings, bundles, foundation: this.foundation });
  }
}
