import { join } from 'node:path';
import { tableFullName } from '../../lib/env.ts';
import { folder } from '../place.ts';
import type { Scene } from '../scene.ts';

/** Takes the deployment down, as `docs/deploying.md` says. Throws when something of it is left. */
export async function destroy({ environment, cloud, programs, transcript }: Scene): Promise<void> {
  const { name, stacks } = environment;
  await transcript.phase('Destroy', async (tell) => {
    await cloud.unprotectTable(tableFullName(name));
    await programs.cdk('destroy', `${name}/*`, '--app', join(folder, 'cdk'), '--force');
    for (const stack of Object.values(stacks)) {
      const left = await cloud.resources(stack);
      if (left.length > 0) throw new Error(`left of ${stack}: ${left.map(({ logicalId }) => logicalId).join(', ')}`);
      tell(`nothing is left of ${stack}`);
    }
  });
}
