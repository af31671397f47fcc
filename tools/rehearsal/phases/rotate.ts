import { secretFullName } from '#lib/config/names.ts';
import type { Scene } from '../scene.ts';
import type { Ready } from './set-up.ts';
import { tellSteps } from './steps.ts';

/** Rotates the manage token with the command line. Throws unless its labels have moved, as the emulator says. */
export async function rotate(scene: Scene, { operator }: Ready, note: (id: string) => void): Promise<void> {
  const { environment, cloud, programs, transcript } = scene;
  const secret = secretFullName(environment.name, 'manage-token');
  await transcript.phase('Rotate the manage token', async (tell) => {
    const before = await cloud.labels(secret);
    await programs.gateway(operator, ['secrets', 'rotate', 'manage-token']);
    await tellSteps(scene, tell);
    const after = await cloud.labels(secret);
    const moved = after['AWSCURRENT'] !== before['AWSCURRENT'] && after['AWSPREVIOUS'] === before['AWSCURRENT'];
    if (!moved) throw new Error(`the labels are ${JSON.stringify(after)}, and were ${JSON.stringify(before)}`);
    tell(`AWSCURRENT has moved to version ${after['AWSCURRENT']}, AWSPREVIOUS to ${after['AWSPREVIOUS']}`);
  });
  // The sealing keys were rotated when the secrets got their values.
  for (const id of ['rotate_manage_token', 'rotate_sealing_key']) note(id);
}
