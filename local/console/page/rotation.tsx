import type { JobEvent } from '../events.ts';
import { duration } from './time.tsx';

/** The steps that a rotation takes, one after the other. */
const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** A rotation, as far as it was told of. */
export interface Rotation {
  version: string;
  /** Of the last attempt. */
  taken: Readonly<Partial<Record<string, JobEvent>>>;
  attempts: number;
}

/** The function that rotates a secret. */
export function jobOf(secretName: string): JobEvent['job'] {
  return secretName === 'sealing-keys' ? 'rotate_sealing_key' : 'rotate_manage_token';
}

/** The last rotation of a function; the trial of a new schedule is none. `jobs` has the newest first. */
export function lastRotation(jobs: readonly JobEvent[], job: JobEvent['job']): Rotation | undefined {
  const ran = jobs.filter((run) => run.job === job);
  const { version } = ran.find(({ step }) => step === 'createSecret') ?? {};
  if (version === undefined) return undefined;
  const ofVersion = ran.filter((run) => run.version === version);
  // A failed step makes Secrets Manager begin again with the first.
  const last = ofVersion.slice(0, ofVersion.findIndex(({ step }) => step === 'createSecret') + 1);
  return {
    version,
    taken: Object.fromEntries(last.map((run) => [run.step, run])),
    attempts: ofVersion.filter(({ step }) => step === 'createSecret').length,
  };
}

/** The four steps, each with what came of it. */
export function RotationSteps({ rotation: { version, taken, attempts } }: { rotation: Rotation }) {
  const failed = steps.map((step) => taken[step]).find((run) => run?.outcome === 'failed');
  return (
    <div class="rotation" role="status">
      <p>
        Rotation to <code>{version.slice(0, 8)}</code>
        {attempts > 1 && `, attempt ${attempts}`}
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <Step key={step} name={step} run={taken[step]} />
        ))}
      </ol>
      {failed !== undefined && <p class="fault">{failed.detail ?? 'The step failed.'}</p>}
    </div>
  );
}

function Step({ name, run }: { name: string; run: JobEvent | undefined }) {
  const state = run === undefined ? 'waiting' : run.outcome === 'success' ? 'done' : 'failed';
  return (
    <li class={state}>
      <span>{name.replace('Secret', '')}</span>
      <span class="number">
        {run === undefined ? 'not yet' : state === 'failed' ? 'failed' : duration(run.duration_ms)}
      </span>
    </li>
  );
}
