import { resourceName } from '#infra/names.ts';
import { secretFullName } from '#lib/config/names.ts';
import { type Job, jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { pages, routesOf } from '#lib/operations/routes.ts';
import { send } from '../../calls.ts';
import { operationIds, typicalCall } from '../../openapi/examples.ts';
import type { RehearsalContext } from '../context.ts';
import type { Deployment } from './deploy.ts';
import { type Access, reportSteps } from './set-up.ts';

/** Marks a function as used, by its row. */
type Mark = (id: string) => void;

/** Uses every function of the deployment. Throws at the first unexpected result, and when a function was not used. */
export async function use(context: RehearsalContext, deployment: Deployment, access: Access): Promise<void> {
  const { name, programs, phase } = context;
  const used = new Set<string>();
  const mark: Mark = (id) => used.add(resourceName(name, functionName(id)));

  await runJobs(context, mark);
  await callOperations(context, deployment, access, mark);
  await fetchPages(context, deployment, mark);
  await rotate(context, access, mark);
  await callOperations(context, deployment, access, mark);
  await phase('Run the doctor command', async (report) => {
    const at = ['--budgea-url', access.budgeaUrl, '--gateway-url', deployment.gatewayUrl];
    const output = await programs.gateway(programs.owner, ['doctor', ...at]);
    for (const line of output.trim().split('\n')) report(line);
  });
  const unused = deployment.functions.filter((each) => !used.has(each.name)).map((each) => each.name);
  if (unused.length > 0) throw new Error(`no call reached ${unused.join(', ')}`);
}

/** Invokes the scheduled functions that rotate no secret. */
async function runJobs({ name, cloud, phase }: RehearsalContext, mark: Mark): Promise<void> {
  await phase('Run the scheduled functions', async (report) => {
    for (const [id, { rotates }] of Object.entries<Job>(jobs)) {
      if (rotates !== undefined) continue;
      const job = resourceName(name, functionName(id));
      await cloud.invoke(job, {});
      mark(id);
      report(job);
    }
  });
}

async function callOperations(
  { phase }: RehearsalContext,
  { gatewayUrl }: Deployment,
  { examples }: Access,
  mark: Mark,
): Promise<void> {
  const { redirect_uri } = examples.partner;
  await phase('Call every operation', async (report) => {
    for (const id of operationIds) {
      const { status, location } = await send(gatewayUrl, await typicalCall(id, examples));
      if (id === 'webauth_callback_get' && !/[?&]state=A-STATE-OF-YOURS/.test(location.split(redirect_uri)[1] ?? '')) {
        throw new Error('the callback does not redirect to the partner with its state');
      }
      const { method, path } = operations[id];
      mark(id);
      report(`${status} ${method} ${path}`);
    }
  });
}

async function fetchPages(
  { name, phase, signal }: RehearsalContext,
  { apiUrl, functions }: Deployment,
  mark: Mark,
): Promise<void> {
  const deployed = Object.entries(pages).filter(([id]) =>
    functions.some((each) => each.name === resourceName(name, functionName(id))),
  );
  if (deployed.length === 0) return;
  await phase('Fetch the pages', async (report) => {
    for (const [id, page] of deployed) {
      for (const { path } of routesOf(page)) {
        const { status } = await fetch(apiUrl + path, { signal });
        if (status !== 200) throw new Error(`GET ${path} returns ${status}`);
        report(`${status} GET ${path}`);
      }
      mark(id);
    }
  });
}

/** Rotates the manage token with the command line. Throws unless its staging labels move. */
async function rotate(context: RehearsalContext, { operator }: Access, mark: Mark): Promise<void> {
  const { name, cloud, programs, phase } = context;
  const secret = secretFullName(name, 'manage-token');
  await phase('Rotate the manage token', async (report) => {
    const before = await cloud.labels(secret);
    await programs.gateway(operator, ['secrets', 'rotate', 'manage-token']);
    await reportSteps(context, report);
    const after = await cloud.labels(secret);
    const moved = after['AWSCURRENT'] !== before['AWSCURRENT'] && after['AWSPREVIOUS'] === before['AWSCURRENT'];
    if (!moved) throw new Error(`the labels are ${JSON.stringify(after)}, and were ${JSON.stringify(before)}`);
    report(`AWSCURRENT moved to version ${after['AWSCURRENT']}, AWSPREVIOUS to ${after['AWSPREVIOUS']}`);
  });
  // The sealing keys were rotated when the secrets were set.
  for (const id of ['rotate_manage_token', 'rotate_sealing_key']) mark(id);
}
