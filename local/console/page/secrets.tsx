import type { JobEvent, SecretView } from '../wire.ts';
import { post, useAction, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { jobOf, lastRotation, RotationSteps } from './rotation.tsx';
import { Age, Countdown } from './time.tsx';

interface SecretsProps {
  jobs: readonly JobEvent[];
  /** Changes when the secrets may have changed. */
  version: Version;
}

/** The secrets with their versions and rotations. */
export function Secrets({ jobs, version }: SecretsProps) {
  // The event of a step arrives before the change event.
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
  const { busy, fault, run } = useAction();
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
            onClick={() => run(() => post(`secrets/${name}/rotate`))}
          >
            Rotate now
          </button>
        )}
      </header>
      <dl class="facts">
        {nextRotationAt !== undefined && (
          <>
            <dt>Next rotation in</dt>
            <dd>
              <Countdown to={nextRotationAt} past="a moment" />
            </dd>
          </>
        )}
        {expiresAt !== undefined && (
          <>
            <dt>JWT expires in</dt>
            <dd>
              <Countdown to={expiresAt} past="expired" />
            </dd>
          </>
        )}
      </dl>
      <ul class="versions" aria-label={`Versions of ${name}`}>
        {versions.map(({ id, stages, createdAt }) => (
          <li key={id}>
            <code>{id.slice(0, 8)}</code>
            <span>
              {relevantStages(stages).map((stage) => (
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

/** After a successful rotation, AWSPENDING stays on the current version and has no meaning. */
function relevantStages(stages: readonly string[]): readonly string[] {
  return stages.includes('AWSCURRENT') ? stages.filter((stage) => stage !== 'AWSPENDING') : stages;
}
