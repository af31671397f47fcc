import { join } from 'node:path';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { folder } from '../place.ts';
import type { Scene } from '../scene.ts';

/** Takes the deployment down, as `docs/deploying.md` says. Throws when something of it is left that should not be, or the other way round. */
export async function destroy({ environment, cloud, programs, transcript }: Scene): Promise<void> {
  const { name, settings, stacks } = environment;
  const table = tableFullName(name);
  const secrets = secretNames.map((secret) => secretFullName(name, secret));
  await transcript.phase('Destroy', async (tell) => {
    await cloud.unprotectTable(table);
    for (const stack of Object.values(stacks)) await cloud.unprotectStack(stack);
    await programs.cdk('destroy', `${name}/*`, '--app', join(folder, 'cdk'), '--force');
    for (const stack of Object.values(stacks)) {
      const left = await cloud.resources(stack);
      if (left.length > 0) throw new Error(`left of ${stack}: ${left.map(({ logicalId }) => logicalId).join(', ')}`);
      tell(`${stack} is gone`);
    }
    const kept = await cloud.outliving(table, secrets);
    const expected = settings.production ? 1 + secrets.length : 0;
    if (kept.length !== expected)
      throw new Error(`${kept.length} of table and secrets outlive it, and not ${expected}`);
    tell(kept.length === 0 ? 'and with it table and secrets' : `what stays: ${kept.join(', ')}`);
  });
}
