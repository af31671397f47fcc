import { now } from '#lib/clock.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { duration } from '../format.ts';
import { isRotatable } from './catalog.ts';
import type { SecretState } from './state.ts';

/** A problem of a secret, and the commands that solve it, in order. */
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

/** A secret's state, and the facts that only its values contain. */
export interface Inspection {
  name: SecretName;
  state: SecretState;
  /** Whether the pending version has a value; undefined if unknown. */
  pendingHasValue?: boolean | undefined;
  /** When the manage JWT expires, in milliseconds since the epoch; undefined if unknown. */
  expiresAt?: number | 'malformed' | undefined;
}

/** A rotation takes seconds: a version that is pending longer than this, in milliseconds, is stuck. */
const rotationTimeout = 120_000;

/**
 * Whether the pending label is left over on a version that was in use. A successful rotation leaves the label on its version, and a value that
 * is set manually turns that version into the previous one.
 */
export function isLeftPending({ stages }: { stages: readonly string[] }): boolean {
  return stages.includes('AWSPREVIOUS');
}

/** Whether no rotation will complete the pending version. */
export function isStuck(pending: { stages: readonly string[]; createdAt: number }): boolean {
  return isLeftPending(pending) || now() - pending.createdAt >= rotationTimeout;
}

/** Returns the problems of a secret; `commandLine` completes a command of this program. */
export function problemsOf(inspection: Inspection, commandLine: (command: string) => string): Problem[] {
  const { name, state } = inspection;
  if (state.deletesAt !== undefined) {
    const text = `It will be deleted at ${new Date(state.deletesAt).toISOString()}.`;
    const restore = `aws secretsmanager restore-secret --secret-id ${state.fullName}`;
    return [{ problem: 'scheduled_for_deletion', text, commands: [restore] }];
  }
  const renew = isRotatable(name) ? [`secrets rotate ${name}`] : [`secrets set ${name}`];
  const rehearse = isRotatable(name) ? [`secrets rotate ${name} --rehearse`] : [];
  return [noValue, stuckRotation, rotationOff, invalidJwt].flatMap((find) => {
    const finding = find(inspection);
    if (finding === undefined) return [];
    const [problem, text] = finding;
    const commands = problem === 'stuck_pending' ? [...rehearse, ...renew] : renew;
    return [{ problem, text, commands: commands.map(commandLine) }];
  });
}

type Finding = readonly [Problem['problem'], string] | undefined;

function noValue({ name, state }: Inspection): Finding {
  if (state.current !== undefined) return undefined;
  return ['no_value', `It has no value yet: ${isRotatable(name) ? 'rotate it once' : 'set it'}.`];
}

function stuckRotation({ state: { pending }, pendingHasValue }: Inspection): Finding {
  if (pending === undefined || !isStuck(pending)) return undefined;
  if (isLeftPending(pending))
    return [
      'left_pending',
      'Its value was set manually after the last rotation, whose label on the old version blocks the next rotation.',
    ];
  const since = `A version has been pending for ${duration(now() - pending.createdAt)}`;
  const cause =
    pendingHasValue === undefined
      ? ''
      : pendingHasValue
        ? ' with a value that failed its test or was not tested'
        : ' without a value: creating it failed';
  return ['stuck_pending', `${since}${cause}. Find the cause, then rotate:`];
}

function rotationOff({ name, state }: Inspection): Finding {
  if (!isRotatable(name) || state.rotation) return undefined;
  return ['rotation_off', 'Its automatic rotation is off. Rotating it turns the automatic rotation on again:'];
}

function invalidJwt({ name, state, expiresAt }: Inspection): Finding {
  if (name !== 'manage-token' || state.current === undefined || expiresAt === undefined) return undefined;
  if (expiresAt === 'malformed')
    return ['malformed', 'Its value is not a manage JWT: calls signed with it answer 503.'];
  const left = expiresAt - now();
  if (left <= 0) return ['expired', `The manage JWT expired ${duration(left)} ago: calls signed with it answer 503.`];
  if (state.nextRotationAt === undefined || expiresAt > state.nextRotationAt) return undefined;
  return ['short_lived', `The manage JWT expires in ${duration(left)}, before the next rotation.`];
}
