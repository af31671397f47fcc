import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { resourceName } from '#infra/names.ts';
import { functionName } from '#lib/operations/table.ts';
import { openAlarms, type Alarms } from '../alarms.ts';
import { openQueue } from '../queue.ts';
import type { Scene } from '../scene.ts';
import type { Deployed } from './deploy.ts';
import type { Ready } from './set-up.ts';

/** Provokes what rings alarms and can be provoked on AWS alone; what can be on one machine is in `docs/runbook.md`. Throws when nothing would ring. */
export async function makeTrouble(scene: Scene, deployed: Deployed, ready: Ready): Promise<void> {
  const { account, region } = scene.environment;
  const credentials = { accessKeyId: account, secretAccessKey: 'rehearsal' };
  const options = { endpoint: scene.emulator, region, credentials };
  const alarms = openAlarms(new CloudWatchClient(options), scene.signal);
  await throttleFunction(scene, deployed, ready, alarms);
  await failJob(scene, ready, alarms, options);
  await loseRun(scene, deployed, options);
}

/** `<function>-throttled`: a function that may not run. */
async function throttleFunction(
  { environment, cloud, transcript, signal }: Scene,
  { gatewayUrl }: Deployed,
  { partner }: Ready,
  alarms: Alarms,
): Promise<void> {
  const name = resourceName(environment.name, functionName('auth_init_post'));
  const call = async () => {
    const body = new URLSearchParams({ ...partner });
    return (await fetch(`${gatewayUrl}/auth/init`, { method: 'POST', body, signal })).status;
  };
  await transcript.phase('Throttle a function', async (tell) => {
    if (!(await alarms.isQuiet(`${name}-throttled`))) throw new Error(`${name}-throttled rings without a reason`);
    await cloud.limitConcurrency(name, 0);
    const refused = await call();
    await cloud.limitConcurrency(name, undefined);
    if (refused < 429) throw new Error(`a function that may not run answers ${refused}`);
    tell(`${refused} while it may not run; ${name}-throttled: ${await alarms.wouldRing(`${name}-throttled`)}`);
    const answered = await call();
    if (answered !== 200) throw new Error(`a function that may run again answers ${answered}`);
    tell('200 afterwards');
  });
}

type QueueOptions = Parameters<typeof openQueue>[1];

/** `<job>-failing` and `failed-runs`: a scheduled function that fails, and so do its repeats. */
async function failJob(
  { environment, cloud, transcript, signal }: Scene,
  { budgeaUrl }: Ready,
  alarms: Alarms,
  options: QueueOptions,
): Promise<void> {
  const name = resourceName(environment.name, functionName('fetch_certificates'));
  const failures = new URL('/_sandbox/failures', budgeaUrl);
  await transcript.phase('Let a scheduled function fail', async (tell) => {
    const queue = await openQueue(resourceName(environment.name, 'failed-runs'), options);
    for (const type of environment.settings.certificateTypes) {
      const body = new URLSearchParams({ answer: 'bug', path: `/certificate/${type}`, times: '1000' });
      await fetch(failures, { method: 'POST', body, signal });
    }
    const failed = await cloud.invoke(name, {}).then(
      () => false,
      () => true,
    );
    if (!failed) throw new Error(`${name} does not fail without Budgea`);
    tell(`${name}-failing: ${await alarms.wouldRing(`${name}-failing`)}`);
    await cloud.invokeLater(name, {});
    const { Body = '{}' } = (await queue.look()) ?? {};
    await fetch(failures, { method: 'DELETE', signal });
    // As Lambda writes it.
    const { requestContext } = JSON.parse(Body) as { requestContext?: { functionArn: string } };
    if (!requestContext?.functionArn.endsWith(`:${name}`)) throw new Error('the failed run is not in its queue');
    tell(`failed-runs has the run of ${name}`);
    await queue.purge();
    await cloud.invoke(name, {});
    tell('it succeeds afterwards');
  });
}

/** `undelivered-runs`: the message of a schedule that cannot start its function, sent with the schedule's own rights. */
async function loseRun(
  { environment, identities, transcript }: Scene,
  { schedulers }: Deployed,
  options: QueueOptions,
) {
  await transcript.phase('Lose a scheduled run', async (tell) => {
    const queue = await openQueue(resourceName(environment.name, 'undelivered-runs'), options);
    for (const role of schedulers) {
      const reason = { ERROR_CODE: 'ResourceNotFoundException', ERROR_MESSAGE: 'Function not found' };
      await queue.send(await identities.createStandIn(role, 'run'), '{}', reason);
      const { MessageAttributes } = (await queue.look()) ?? {};
      if (MessageAttributes?.['ERROR_CODE']?.StringValue !== reason.ERROR_CODE)
        throw new Error('the run is not in its queue');
      await queue.purge();
      tell(`undelivered-runs takes it from ${role}`);
    }
  });
}
