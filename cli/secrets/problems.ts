import { now } from '#lib/clock.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { duration } from '../view.ts';
import { isRotatable, longestRotation, wasInUse } from './rotatable.ts';
import type { SecretState } from './state.ts';

/** Something that is wrong with a secret, and the commands that set it right, in their order. */
export interface Problem {
  problem:
    | 'missing'
    | 'scheduled_for_deletion'
    | 'no_value'
    | 'stuck_pending'
    | 'left_pending'
    | 'rotation_off'
    | 'malformed'
    | 'expired'
    | 'short_lived';
  text: string;
  commands: readonly string[];
}

/** What is known of a secret: its state, and what only its values say. */
export interface Known {
  name: SecretName;
  state: SecretState;
  /** Whether the pending version has a value, if that could be known. */
  pendingHasValue?: boolean | undefined;
  /** When the manage JWT expires, in milliseconds since the epoch, if that could be known. */
  expiresAt?: number | 'malformed' | undefined;
}

/** What is wrong with a secret; `toType` makes a command line of the gateway's. */
export function problemsOf(known: Known, toType: (command: string) => string): Problem[] {
  const { name, state } = known;
  if (state.deletesAt !== undefined) {
    const when = new Date(state.deletesAt).toISOString();
    const restore = `aws secretsmanager restore-secret --secret-id ${state.fullName}`;
    return [{ problem: 'scheduled_for_deletion', text: `It ceases to exist at ${when}.`, commands: [restore] }];
  }
  const found = [noValue(known), stuck(known), rotationOff(known), jwt(known)].filter((one) => one !== undefined);
  const renew = isRotatable(name) ? [`secrets rotate ${name}`] : [`secrets set ${name}`];
  const lookFirst = isRotatable(name) ? [`secrets rotate ${name} --rehearse`] : [];
  return found.map(([problem, text]) => {
    const commands = problem === 'stuck_pending' ? [...lookFirst, ...renew] : renew;
    return { problem, text, commands: commands.map(toType) };
  });
}

type Found = readonly [Problem['problem'], string] | undefined;

function noValue({ name, state }: Known): Found {
  if (state.current !== undefined) return undefined;
  return ['no_value', isRotatable(name) ? 'It has no value yet: rotate it once.' : 'It has no value yet: set it.'];
}

function stuck({ state: { pending }, pendingHasValue }: Known): Found {
  if (pending === undefined) return undefined;
  if (wasInUse(pending))
    return [
      'left_pending',
      'Its value was changed by hand since its last rotation, whose label is in the way of the next.',
    ];
  const age = now() - pending.createdAt;
  if (age < longestRotation) return undefined;
  const since = `A version has been pending for ${duration(age)}`;
  if (pendingHasValue === true)
    return ['stuck_pending', `${since} with a value that its test rejects or could not finish. See why, then rotate:`];
  const without = pendingHasValue === false ? ' without a value: none could be made' : '';
  return ['stuck_pending', `${since}${without}. See why, then rotate:`];
}

function rotationOff({ name, state }: Known): Found {
  if (!isRotatable(name) || state.rotation) return undefined;
  return ['rotation_off', 'Its rotation is off: this turns it on again and rotates at once.'];
}

function jwt({ name, state, expiresAt }: Known): Found {
  if (name !== 'manage-token' || state.current === undefined || expiresAt === undefined) return undefined;
  if (expiresAt === 'malformed')
    return ['malformed', 'Its value is not a manage JWT: calls signed with it answer 503.'];
  const left = expiresAt - now();
  if (left <= 0) return ['expired', `The manage JWT expired ${duration(left)} ago: calls signed with it answer 503.`];
  if (state.nextRotationAt === undefined || expiresAt > state.nextRotationAt) return undefined;
  return ['short_lived', `The manage JWT lives ${duration(left)}, which is not until the next rotation.`];
}
