import type { JobEvent } from '../events.ts';
import type { SecretView } from '../wire.ts';
import { tell } from './ask.ts';
import { useDoing, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { jobOf, lastRotation, RotationSteps } from './rotation.tsx';
import { Age, Countdown } from './time.tsx';

interface SecretsProps {
  jobs: readonly JobEvent[];
  /** Another one when the secrets may have changed. */
  version: Version;
}

/** The secrets with their versions, and the rotations of those that rotate. */
export function Secrets({ jobs, version }: SecretsProps) {
  // A step says sooner that something has changed.
  const step = jobs.find((run) => run.step !== undefined)?.request_id;
  const { value: secrets = [], fault } = useResource<SecretView[]>('secrets', version && `${version} ${step}`);
  return (
    <Panel id="secrets" title="Secrets" fault={fault}>
      {secrets.map((secret) => (
        <Secret key={secret.name} secret={secret} jobs={jobs} />
      ))}
    </Panel>
  );
}

function Secret({ secret, jobs }: { secret: SecretView; jobs: readonly JobEvent[] }) {
  const { name, versions, rotates, nextRotationAt, expiresAt } = secret;
  const { busy, fault, run } = useDoing();
  const rotation = rotates ? lastRotation(jobs, jobOf(name)) : undefined;
  const title = `secret-${name}`;
  return (
    <article class="secret" aria-labelledby={title}>
      <header>
        <h3 id={title}>{name}</h3>
        {rotates && (
          <button
            type="button"
            disabled={busy}
            aria-label={`Rotate now: ${name}`}
            onClick={() => run(() => tell(`secrets/${name}/rotate`))}
          >
            Rotate now
          </button>
        )}
      </header>
      <dl class="facts">
        {nextRotationAt !== undefined && (
          <>
            <dt>next rotation in</dt>
            <dd>
              <Countdown to={nextRotationAt} past="a moment" />
            </dd>
          </>
        )}
        {expiresAt !== undefined && (
          <>
            <dt>JWT in use expires in</dt>
            <dd>
              <Countdown to={expiresAt} past="– it has expired" />
            </dd>
          </>
        )}
      </dl>
      <ul class="versions" aria-label={`Versions of ${name}`}>
        {versions.map(({ id, stages, createdAt }) => (
          <li key={id}>
            <code>{id.slice(0, 8)}</code>
            <span>
              {shownStages(stages).map((stage) => (
                <span key={stage} class={`stage ${stage}`}>
                  {stage.replace('AWS', '').toLowerCase()}
                </span>
              ))}
            </span>
            <span class="number">
              <Age since={createdAt} /> old
            </span>
          </li>
        ))}
      </ul>
      {rotation && <RotationSteps rotation={rotation} />}
      <Fault>{fault}</Fault>
    </article>
  );
}

/** The pending label stays where a rotation ended well, and means nothing there any more. */
function shownStages(stages: readonly string[]): readonly string[] {
  return stages.includes('AWSCURRENT') ? stages.filter((stage) => stage !== 'AWSPENDING') : stages;
}
