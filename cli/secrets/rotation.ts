import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidRequestException, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { deadline } from '#lib/transport/deadline.ts';
import { now } from '#lib/clock.ts';
import type { Invocation } from '#lib/operations/call.ts';
import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';
import { withdrawPending } from '#lib/rotation/secret-versions.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { CliError } from '../cli-error.ts';
import { duration, shortId } from '../format.ts';
import type { Session } from '../session.ts';
import { rotatables, type RotatableName } from './catalog.ts';
import { isLeftPending, isStuck } from './problems.ts';
import { hasValue, requireState, storeSecret, type SecretState } from './state.ts';

/** Time limit of one invocation in milliseconds, as in a function. */
const invocationTimeout = 25_000;

/** Creates the invocation context that the gateway's modules expect; the command ends before its deadline or with it. */
export function newInvocation(): Invocation {
  return {
    requestId: randomUUID(),
    traceparent: undefined,
    ...deadline(invocationTimeout),
    log: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}

/** Without progress for this long, in milliseconds, a rotation is no longer followed. */
const stuckAfter = 60_000;
/** Secrets Manager is eventually consistent: a missing label may appear within this time, in milliseconds. */
const consistencyDelay = 5_000;
/** Time between two polls in milliseconds; it doubles up to the maximum. */
const pause = { first: 50, longest: 1_000 };

/** The progress of a rotation; `dropped`: its version is neither pending nor in use. */
type Progress = 'started' | 'created' | 'in use' | 'dropped';

/**
 * Rotates a secret now, follows the rotation to its end and returns the version that is then in use. A stuck pending version is dropped first,
 * because it blocks every rotation; with `drop: 'any'`, also one that is in progress. Throws CliError, and the service's errors.
 */
export async function rotateNow(session: Session, name: RotatableName, drop: 'stuck' | 'any'): Promise<string> {
  const state = await requireState(session, name);
  await dropPending(session, state, drop);
  const version = await start(session, name, state);
  await follow(session, name, version);
  return version;
}

/** Starts a rotation, or finds the one that is in progress. */
async function start(session: Session, name: RotatableName, { fullName, rotation }: SecretState): Promise<string> {
  try {
    const command = new RotateSecretCommand({ SecretId: fullName, ClientRequestToken: randomUUID() });
    const { VersionId = '' } = await secretsManager.send(command);
    session.note(`Started the rotation of ${fullName}: version ${shortId(VersionId)}.`);
    if (!rotation) session.note('Its automatic rotation was off and is now on again.');
    return VersionId;
  } catch (error) {
    if (!(error instanceof InvalidRequestException)) throw error;
    const { pending, hasRotationFunction } = await requireState(session, name);
    if (!hasRotationFunction) throw new CliError(notConfigured(session, fullName));
    // The service's message is safe to show: the request contained no value.
    if (pending === undefined) throw new CliError(`Secrets Manager does not rotate ${fullName}: ${error.message}`);
    session.note(`A rotation of ${fullName} is already in progress: version ${shortId(pending.id)}.`);
    return pending.id;
  }
}

function notConfigured(session: Session, fullName: string): string {
  const fact = `No function rotates ${fullName} here.`;
  return session.target().folder === undefined
    ? `${fact} Deploy the environment, which configures the rotation.`
    : `${fact} Start the local stack again: it configures the rotation, or with secrets at another AWS endpoint, creates the missing values at startup.`;
}

/** Removes the pending label from a version so that another rotation can start. */
async function dropPending(session: Session, { fullName, pending }: SecretState, drop: 'stuck' | 'any'): Promise<void> {
  if (pending === undefined || (drop === 'stuck' && !isStuck(pending))) return;
  await withdrawPending(fullName, pending.id);
  if (!isLeftPending(pending)) session.note(`Dropped the pending version ${shortId(pending.id)}.`);
}

/** Reports each step of a rotation until its version is in use. Throws CliError with advice if the rotation fails. */
async function follow(session: Session, name: RotatableName, version: string): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  try {
    await poll(session, name, version, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new CliError(
      `Interrupted. The rotation continues: "${session.commandLine('secrets status')}" shows it.`,
      130,
    );
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

async function poll(session: Session, name: RotatableName, version: string, signal: AbortSignal): Promise<void> {
  let progress: Progress = 'started';
  let changedAt = now();
  for (let wait = pause.first; ; wait = Math.min(2 * wait, pause.longest)) {
    const latest = await readProgress(session, name, version);
    if (latest !== progress) {
      progress = latest;
      changedAt = now();
      if (progress === 'created') session.note('createSecret is done: the new value exists and is being tested.');
    }
    if (progress === 'in use') return session.note('The new value is tested and in use.');
    const waited = now() - changedAt;
    if (progress === 'dropped' && waited > consistencyDelay)
      throw new CliError(
        `The rotation dropped its new value as unusable, or another rotation replaced it. ${advice(session, name)}`,
      );
    if (waited > stuckAfter) {
      // Without the right to read values, an existing value is not visible.
      const step = progress === 'created' ? 'testSecret or finishSecret' : 'a step, most likely createSecret,';
      throw new CliError(
        `No progress for ${duration(waited)}: ${step} does not succeed. Secrets Manager keeps trying. ${advice(session, name)}`,
      );
    }
    await sleep(wait, undefined, { signal });
  }
}

async function readProgress(session: Session, name: RotatableName, id: string): Promise<Progress> {
  const state = await requireState(session, name);
  const version = state.versions.find((one) => one.id === id);
  // The next rotation may already have turned it into the previous version.
  if (version?.stages.some((stage) => stage === 'AWSCURRENT' || stage === 'AWSPREVIOUS')) return 'in use';
  if (!version?.stages.includes('AWSPENDING')) return 'dropped';
  return (await hasValue(state, version)) === true ? 'created' : 'started';
}

function advice(session: Session, name: RotatableName): string {
  const job = rotatables[name];
  return `The log of ${job.replaceAll('_', '-')} contains the reason, in lines with "job":"${job}" and "outcome":"failed"; "${session.commandLine(`secrets rotate ${name} --rehearse`)}" finds most causes. Then rotate again: "${session.commandLine(`secrets rotate ${name}`)}".`;
}

/**
 * Replaces all sealing keys and returns the new version; nothing sealed with an old key can be opened afterwards. A rotation would keep two old
 * keys for the round trips in progress. Throws CliError, and the service's errors.
 */
export async function replaceSealingKeys(session: Session): Promise<{ secret: string; version_id: string }> {
  // A rotation in progress copies the old keys into its version.
  await dropPending(session, await requireState(session, 'sealing-keys'), 'any');
  const keys = await sealingKeyRotation.create(undefined, newInvocation());
  const { secret, version_id = '' } = await storeSecret(session.target(), 'sealing-keys', keys);
  // The version that was in use keeps the label of its own rotation, which blocks the next rotation.
  await dropPending(session, await requireState(session, 'sealing-keys'), 'any');
  const { current } = await requireState(session, 'sealing-keys');
  if (current?.id === version_id) return { secret, version_id };
  throw new CliError('A rotation ran at the same time and may have restored old keys. Run the command again.');
}
