import { now } from '#lib/clock.ts';
import { duration } from '../../view.ts';
import type { Account, DeployedStack } from '../account.ts';
import { ok, wrong, type Check } from '../check.ts';

/** Whether both stacks are there, and their last deployment ended well. */
export const stacks = (deployed: Account): Check => ({
  name: 'stacks',
  async run({ remedy }) {
    const { foundation, gateway } = await deployed.stacks();
    if (foundation === undefined && gateway === undefined) return wrong(`Nothing is deployed here. ${remedy}`);
    if (foundation === undefined || gateway === undefined) {
      return wrong(`Only the stack ${(foundation ?? gateway)?.name} is deployed. ${remedy}`);
    }
    const bad = [foundation, gateway].filter(({ status }) => !endedWell.test(status));
    if (bad.length > 0)
      return wrong(`${bad.map(said).join(', ')}: see its events in CloudFormation, then deploy again.`);
    const back = [foundation, gateway].filter(({ status }) => status === 'UPDATE_ROLLBACK_COMPLETE');
    const undone = back.length === 0 ? '' : ' The last deployment was undone: see the events in CloudFormation.';
    const age = duration(now() - Math.max(foundation.deployedAt, gateway.deployedAt));
    return ok(`Both are deployed, the last time ${age} ago.${undone}`);
  },
});

/** Whatever is deployed works, also where an update was taken back. */
const endedWell = /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/;

const said = ({ name, status }: DeployedStack): string => `${name} is ${status}`;
