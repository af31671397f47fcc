import { deploy } from './phases/deploy.ts';
import { destroy } from './phases/destroy.ts';
import { tryRights } from './phases/rights.ts';
import { setUp } from './phases/set-up.ts';
import { start } from './phases/start.ts';
import { makeTrouble } from './phases/trouble.ts';
import { use } from './phases/use.ts';
import type { Closing } from './scene.ts';
import type { Transcript } from './transcript.ts';

/** Deploys an environment, uses everything of it, and takes it down. Throws at the first thing that is not as it should be. */
export async function rehearse(name: string, transcript: Transcript, signal: AbortSignal): Promise<void> {
  const started: Closing[] = [];
  const keep = <T extends Closing>(part: T): T => {
    started.push(part);
    return part;
  };
  try {
    const scene = await start(name, { transcript, signal, keep });
    const deployed = await deploy(scene);
    const ready = await setUp(scene, deployed);
    await tryRights(scene, deployed);
    await use(scene, deployed, ready);
    await makeTrouble(scene, deployed, ready);
    await destroy(scene);
  } finally {
    for (const part of started.toReversed()) await part.close();
  }
}
