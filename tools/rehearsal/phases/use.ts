import { resourceName } from '#infra/names.ts';
import { functionName, type OperationId, operations } from '#lib/operations/table.ts';
import { pages, routesOf } from '#lib/operations/routes.ts';
import { callEverything } from '../operations.ts';
import type { Scene } from '../scene.ts';
import type { Deployed } from './deploy.ts';
import { rotate } from './rotate.ts';
import type { Ready } from './set-up.ts';

/** Uses every function of the deployment. Throws at the first that does not do its work. */
export async function use(scene: Scene, deployed: Deployed, ready: Ready): Promise<void> {
  const { environment, transcript } = scene;
  const used = new Set<string>();
  const note = (id: string) => used.add(resourceName(environment.name, functionName(id)));

  await runJobs(scene, note);
  await callOperations(scene, deployed, ready, note);
  await showPages(scene, deployed, note);
  await rotate(scene, ready, note);
  await callOperations(scene, deployed, ready, note);
  await transcript.phase('Examine the deployment', async (tell) => {
    const at = ['--budgea-url', ready.budgeaUrl, '--gateway-url', deployed.gatewayUrl];
    const report = await scene.programs.gateway(scene.programs.owner, ['doctor', ...at]);
    for (const line of report.trim().split('\n')) tell(line);
  });
  const unused = deployed.functions.filter(({ name }) => !used.has(name)).map(({ name }) => name);
  if (unused.length > 0) throw new Error(`no call reached ${unused.join(', ')}`);
}

/** As their schedules would. */
async function runJobs({ environment, cloud, transcript }: Scene, note: (id: string) => void): Promise<void> {
  await transcript.phase('Run the scheduled functions', async (tell) => {
    for (const id of ['fetch_certificates', 'watch']) {
      const name = resourceName(environment.name, functionName(id));
      await cloud.invoke(name, {});
      note(id);
      tell(name);
    }
  });
}

async function callOperations(
  { environment, transcript, signal }: Scene,
  { gatewayUrl, callbackUrl }: Deployed,
  { partner, redirectUri }: Ready,
  note: (id: string) => void,
): Promise<void> {
  const certificateType = environment.settings.certificateTypes[0] ?? 'qwac';
  await transcript.phase('Call every operation', async (tell) => {
    const answered = (id: OperationId, status: number) => {
      const { method, path } = operations[id];
      note(id);
      tell(`${status} ${method} ${path}`);
    };
    await callEverything({
      basePath: gatewayUrl,
      callbackUrl,
      partner,
      redirectUri,
      certificateType,
      answered,
      signal,
    });
  });
}

/** Those that the environment has. */
async function showPages({ environment, transcript, signal }: Scene, deployed: Deployed, note: (id: string) => void) {
  const names = new Set(deployed.functions.map(({ name }) => name));
  const shown = Object.entries(pages).filter(([id]) => names.has(resourceName(environment.name, functionName(id))));
  if (shown.length === 0) return;
  await transcript.phase('Look at the pages', async (tell) => {
    for (const [id, page] of shown) {
      for (const { path } of routesOf(page)) {
        const { status } = await fetch(deployed.apiUrl + path, { signal });
        if (status !== 200) throw new Error(`GET ${path} answers ${status}`);
        tell(`${status} GET ${path}`);
      }
      note(id);
    }
  });
}
