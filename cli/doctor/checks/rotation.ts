import { now } from '#lib/clock.ts';
import { problemsOf } from '../../secrets/problems.ts';
import type { RotatableName } from '../../secrets/rotatable.ts';
import type { SecretState } from '../../secrets/state.ts';
import { duration } from '../../view.ts';
import { ok, open, wrong, type Check } from '../check.ts';
import { isSet } from './secret.ts';

/** Whether a secret rotates by itself, and no rotation is stuck. */
export const rotation = (name: RotatableName): Check => ({
  name: `${name} rotation`,
  async run(subject) {
    const state = await subject.secret(name);
    if (state === undefined) return open('There is no such secret.');
    const { hasValue } = await import('../../secrets/state.ts');
    const pendingHasValue = state.pending && (await hasValue(state, state.pending));
    const problems = problemsOf({ name, state, pendingHasValue }, subject.toType);
    const problem = problems.find((one) => about.has(one.problem));
    if (problem === undefined) return ok(told(state));
    if (!state.hasRotationFunction) return wrong(`No function rotates it. ${subject.remedy}`);
    if (name === 'manage-token' && !(await isSet(subject, 'admin-token'))) {
      return wrong('It came to a stop for want of the admin token: setting that one rotates it.', [
        subject.toType('secrets set admin-token'),
      ]);
    }
    return wrong(problem.text, problem.commands);
  },
});

const about = new Set(['stuck_pending', 'left_pending', 'rotation_off']);

function told({ pending, lastRotatedAt, nextRotationAt }: SecretState): string {
  if (pending !== undefined) return 'It is on, and under way.';
  const last = lastRotatedAt === undefined ? 'not needed yet' : `the last time ${duration(now() - lastRotatedAt)} ago`;
  if (nextRotationAt === undefined) return `It is on: ${last}.`;
  const next = nextRotationAt <= now() ? 'due' : `next in ${duration(nextRotationAt - now())}`;
  return `It is on: ${last}, ${next}.`;
}
