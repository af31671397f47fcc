import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '#lib/clock.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { duration } from '../view.ts';
import { rotatables, type RotatableName } from './rotatable.ts';
import { hasValue, requireState } from './state.ts';

/** A rotation that takes no step for so long, in milliseconds, is not waited for any longer. */
const patience = 60_000;
/** Secrets Manager tells what it knows with a delay: a label that is missing may be yet to come. */
const hesitation = 5_000;
/** Between two looks, in milliseconds: twice as long each time, and at most the second. */
const pauses = { first: 50, longest: 1_000 };

/** How far a rotation is; `dropped`: its version is not pending any more, and not in use either. */
type Progress = 'begun' | 'made' | 'in use' | 'dropped';

const told: Record<Progress, string | undefined> = {
  begun: undefined,
  made: 'createSecret is done: the new value is there, and is tested now.',
  'in use': 'The new value is made, tested and in use.',
  dropped: undefined,
};

/** Tells of each step of a rotation, until its version is in use. Throws Refusal, which says what to do, when it comes to nothing. */
export async function follow(session: Session, name: RotatableName, version: string): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  try {
    await watch(session, name, version, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new Refusal(`Interrupted. The rotation goes on: "${session.toType('secrets status')}" shows it.`, 130);
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

async function watch(session: Session, name: RotatableName, version: string, signal: AbortSignal): Promise<void> {
  let progress: Progress = 'begun';
  let steppedAt = now();
  for (let pause = pauses.first; ; pause = Math.min(2 * pause, pauses.longest)) {
    const seen = await look(session, name, version);
    if (seen !== progress) {
      progress = seen;
      steppedAt = now();
      if (told[seen] !== undefined) session.note(told[seen]);
    }
    if (progress === 'in use') return;
    const waited = now() - steppedAt;
    if (progress === 'dropped' && waited > hesitation) throw new Refusal(droppedText(session, name));
    if (waited > patience) throw new Refusal(stuckText(session, name, progress, waited));
    await sleep(pause, undefined, { signal });
  }
}

async function look(session: Session, name: RotatableName, id: string): Promise<Progress> {
  const state = await requireState(session, name);
  const version = state.versions.find((one) => one.id === id);
  // A rotation that follows at once puts it in the place of the previous one.
  if (version?.stages.some((stage) => stage === 'AWSCURRENT' || stage === 'AWSPREVIOUS')) return 'in use';
  if (!version?.stages.includes('AWSPENDING')) return 'dropped';
  return (await hasValue(state, version)) === true ? 'made' : 'begun';
}

function droppedText(session: Session, name: RotatableName): string {
  return `The rotation found its new value unusable and gave it up, or another one took its place. ${whereToLook(session, name)}`;
}

function stuckText(session: Session, name: RotatableName, progress: Progress, waited: number): string {
  // Whoever may not read values sees no value, though there may be one.
  const at = progress === 'made' ? 'testSecret or finishSecret' : 'a step, createSecret most likely,';
  return `No step forward for ${duration(waited)}: ${at} does not succeed. Secrets Manager goes on trying. ${whereToLook(session, name)}`;
}

function whereToLook(session: Session, name: RotatableName): string {
  const { job } = rotatables[name];
  return `The log of ${job.replaceAll('_', '-')} has the reason, in the lines with "job":"${job}" and "outcome":"failed"; "${session.toType(`secrets rotate ${name} --rehearse`)}" finds most. Then rotate again: "${session.toType(`secrets rotate ${name}`)}".`;
}
