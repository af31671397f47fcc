import { explain } from '../../explain.ts';
import type { Account } from '../account.ts';
import { ok, wrong, type Check } from '../check.ts';
import { isAboutCredentials, isDenied } from '../examine.ts';

/** Whether AWS takes the credentials, and whether account and region are those of the environment. */
export const account = (deployed: Account): Check => ({
  name: 'AWS account',
  async run({ settings, target }) {
    const region = await deployed.region().catch(() => undefined);
    try {
      const { foundation, gateway } = await deployed.stacks();
      const id = (foundation ?? gateway)?.arn.split(':')[4];
      const elsewhere = [
        ...(settings?.account !== undefined && id !== undefined && id !== settings.account ? [settings.account] : []),
        ...(settings?.region !== undefined && region !== settings.region ? [settings.region] : []),
      ];
      const where = [id === undefined ? 'AWS takes these credentials' : `Account ${id}`, `region ${region}`].join(', ');
      if (elsewhere.length === 0) return ok(`${where}.`);
      return wrong(
        `${where}, and infra/environments.ts says ${elsewhere.join(' and ')}. Set AWS_PROFILE or AWS_REGION.`,
      );
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (isAboutCredentials(error)) return wrong(explain(error, target));
      // Who may not ask is known all the same.
      if (isDenied(error)) return ok(`AWS takes these credentials, region ${region}.`);
      throw error;
    }
  },
});
