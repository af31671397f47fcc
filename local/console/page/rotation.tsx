import type { JobEvent } from '../wire.ts';
import { duration } from './time.tsx';

/** The steps of a rotation, in order. */
const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** The steps of a rotation so far. */
export interface Rotation {
  version: string;
  /** The steps of the last attempt. */
  taken: Readonly<Partial<Record<string, JobEvent>>>;
  attempts: number;
}

/** Returns the job that rotates a secret. */
export function jobOf(secretName: string): JobEvent['job'] {
  return secretName === 'sealing-keys' ? 'rotate_sealing_key' : 'rotate_manage_token';
}

/** Returns the last rotation of a job, if any; the test of a new schedule is not a rotation. `jobs` has the newest first. */
export function lastRotation(jobs: readonly JobEvent[], job: JobEvent['job']): Rotation | undefined {
  const ran = jobs.filter((run) => run.job === job);
  const { version } = ran.find(({ step }) => step === 'createSecret') ?? {};
  if (version === undefined) return undefined;
  const ofVersion = ran.filter((run) => run.version === version);
  // After a failed step, Secrets Manager starts again with the first.
  const last = ofVersion.slice(0, ofVersion.findIndex(({ step }) => step === 'createSecret') + 1);
  return {
    version,
    taken: Object.fromEntries(last.map((run) => [run.step, run])),
    attempts: ofVersion.filter(({ step }) => step === 'createSecret').length,
  };
}

/** Shows the four steps with their results. */
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
