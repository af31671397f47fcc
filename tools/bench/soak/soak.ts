import { startFleet, type Fleet } from './fleet.ts';
import { takeLogs, type LogLine } from './function-logs.ts';
import type { SoakOptions } from './options.ts';
import { createRotations, type Rotations } from './rotations.ts';
import { startSoakStack } from './stack.ts';
import { startTally, type Tally } from './tally.ts';

/** What a soak saw. */
export interface Soaked extends Tally, Pick<Rotations, 'promoted' | 'revoking'> {
  /** How long each call and each rotation took, in milliseconds. */
  callTimes: readonly number[];
  rotationTimes: readonly number[];
  /** How long the calls went on once every instance was warm, in milliseconds. */
  duration: number;
  /** What the logs say of the calls and rotation steps that failed. */
  failures: readonly LogLine[];
}

/** Runs the soak; `tell` gets a line now and then. Ends early after `signal`, with what it saw until then. */
export async function soak(
  options: SoakOptions,
  signal: AbortSignal,
  tell: (progress: string) => void,
): Promise<Soaked> {
  const rotationFailures: LogLine[] = [];
  takeLogs((line) => {
    if (line['outcome'] === 'failed') rotationFailures.push(line);
  });
  const rotations = createRotations();
  tell(`Starting the servers and ${options.instances} instances …`);
  const stack = await startSoakStack(options.instances, (arn, event) => rotations.invoke(arn, event));
  try {
    const tally = startTally({
      secretsManagerPort: stack.secretsManagerPort,
      sandboxPort: stack.sandbox.port,
      rotation: () => rotations.promoted,
    });
    const fleet = startFleet(stack, signal);
    let startedAt = performance.now();
    try {
      await fleet.warm();
      startedAt = performance.now();
      tell('All instances are warm: rotating …');
      await Promise.all([
        rotations.run(stack, options.rotations, signal),
        tellProgress(options, signal, { fleet, rotations, tell }),
      ]);
    } finally {
      await fleet.stop();
    }
    return {
      ...tally,
      promoted: rotations.promoted,
      revoking: rotations.revoking,
      callTimes: fleet.times,
      rotationTimes: rotations.times,
      duration: performance.now() - startedAt,
      failures: [...fleet.failures, ...rotationFailures],
    };
  } finally {
    await stack.close();
  }
}

/** Resolves when so many calls have been answered as were asked for, or after `signal`. */
async function tellProgress(
  { calls }: SoakOptions,
  signal: AbortSignal,
  { fleet, rotations, tell }: { fleet: Fleet; rotations: Rotations; tell: (progress: string) => void },
): Promise<void> {
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await fleet.reaches((calls * tenth) / 10);
    if (signal.aborted) return;
    const figures = [fleet.times.length, rotations.times.length, fleet.failures.length];
    const [answered, rotated, failed] = figures.map((figure) => figure.toLocaleString('en'));
    tell(`${answered} calls, ${rotated} rotations, ${failed} failures`);
  }
}
