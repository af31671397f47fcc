import { functionName, operations } from '../../lib/operations.ts';
import { resourceName } from '../../infra/names.ts';
import { callEverything } from '../operations.ts';
import type { Scene } from '../scene.ts';
import type { Deployed } from './deploy.ts';
import type { Ready } from './set-up.ts';
import { tellSteps } from './steps.ts';

/** Uses every function of the deployment. Throws at the first that does not do its work. */
export async function use(
  scene: Scene,
  deployed: Deployed,
  { operator, partner, redirectUri, budgeaUrl }: Ready,
): Promise<void> {
  const { environment, cloud, programs, transcript, signal } = scene;
  const { gatewayUrl, callbackUrl } = deployed;
  const used = new Set<string>();
  const nameOf = (id: string) => resourceName(environment.name, functionName(id));

  await transcript.phase('Run the jobs', async (tell) => {
    for (const id of ['fetch_certificates', 'watch']) {
      await cloud.invoke(nameOf(id), {});
      used.add(nameOf(id));
      tell(nameOf(id));
    }
  });
  const callAll = () =>
    transcript.phase('Call all operations', async (tell) => {
      await callEverything({
        basePath: gatewayUrl,
        callbackUrl,
        partner,
        redirectUri,
        certificateType: environment.settings.certificateTypes[0] ?? 'qwac',
        answered(id) {
          used.add(nameOf(id));
          const { method, path } = operations[id];
          tell(`${method} ${path}`);
        },
        signal,
      });
    });
  await callAll();
  await transcript.phase('Rotate the manage token', async (tell) => {
    await programs.gateway(operator, ['secrets', 'rotate', 'manage-token']);
    await tellSteps(scene, tell);
    for (const id of ['rotate_manage_token', 'rotate_sealing_key']) used.add(nameOf(id));
  });
  await callAll();
  await transcript.phase('Examine the deployment', async (tell) => {
    const at = ['--budgea-url', budgeaUrl, '--gateway-url', gatewayUrl];
    for (const line of (await programs.gateway(programs.owner, ['doctor', ...at])).trim().split('\n')) tell(line);
  });
  const unused = deployed.functions.filter(({ name }) => !used.has(name)).map(({ name }) => name);
  if (unused.length > 0) throw new Error(`not used: ${unused.join(', ')}`);
}
