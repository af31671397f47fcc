import type { Scene } from '../scene.ts';

/** Tells of the rotations' steps since the last time. Throws when one of them failed. */
export async function tellSteps({ rotation }: Scene, tell: (line: string) => void): Promise<void> {
  for (const { secret, step, milliseconds, failure } of await rotation.settled()) {
    if (failure !== undefined) throw new Error(`${step} of ${secret} failed: ${failure}`);
    tell(`${step} of ${secret}, ${Math.round(milliseconds)} ms`);
  }
}
