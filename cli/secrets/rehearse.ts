import * as v from 'valibot';
import { useRotationSettings } from '#lib/config/process-env.ts';
import { GatewayError } from '#lib/errors.ts';
import { describeError } from '#lib/observability/describe-error.ts';
import type { Invocation } from '#lib/operations/call.ts';
import { manageTokenMinutes, manageTokenRotation } from '#lib/rotation/manage-token.ts';
import { UnusableSecret, type Rotation } from '#lib/rotation/rotate.ts';
import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';
import { readVersion } from '#lib/rotation/secret-versions.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { duration } from '../view.ts';
import type { Budgea } from './budgea.ts';
import { newInvocation } from './invocation.ts';
import type { SecretState } from './state.ts';

/** A step of a rehearsal that went well. */
export interface Step {
  step: 'createSecret' | 'testSecret';
  result: string;
}

/** What each step of a rotation says when it went well. */
type Words<V> = Readonly<Record<Step['step'], (value: V) => string>>;

/** An interval for schedules that are none, in minutes: that of the deployment's own. */
const usualInterval = 240;

/** Mints a manage JWT as the rotation does, tests it and forgets it. Throws Refusal when a step fails. */
export function rehearseManageToken(session: Session, state: SecretState, budgea: Budgea): Promise<Step[]> {
  const rotationMinutes = state.intervalMinutes ?? usualInterval;
  useRotationSettings({ budgea: budgea.url, manageScope: budgea.scope, rotationMinutes });
  return rehearse(session, state, manageTokenRotation, {
    createSecret: () => {
      const life = duration(manageTokenMinutes() * 60_000);
      return `Budgea minted a manage JWT with the admin token: scope ${budgea.scope}, for ${life}`;
    },
    testSecret: () => 'Budgea takes it, and it is what this environment needs',
  });
}

/** Makes the next sealing keys in memory, tests them and forgets them. Throws Refusal when a step fails. */
export function rehearseSealingKeys(session: Session, state: SecretState): Promise<Step[]> {
  return rehearse(session, state, sealingKeyRotation, {
    createSecret: ({ previous }) =>
      previous === undefined ? 'two keys were made' : 'a key was made, and the others move up one place',
    testSecret: () => 'all keys have ids of their own',
  });
}

/** Runs create and test of a rotation in this process; nothing is stored, nothing promoted. */
async function rehearse<V>(
  session: Session,
  { fullName, current }: SecretState,
  rotation: Rotation<V>,
  words: Words<V>,
): Promise<Step[]> {
  const invocation: Invocation = newInvocation();
  const value = await step(session, 'createSecret', async () => {
    const text = current === undefined ? undefined : await readVersion(fullName, current.id);
    return rotation.create(text === undefined ? undefined : parse(rotation, text), invocation);
  });
  const created = done('createSecret', value);
  await step(session, 'testSecret', () => rotation.test(value, invocation));
  return [created, done('testSecret', value)];

  function done(name: Step['step'], made: V): Step {
    const result = words[name](made);
    session.note(`${name}: ${result}.`);
    return { step: name, result };
  }
}

async function step<T>(session: Session, name: Step['step'], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isDenied(error) || (error instanceof GatewayError && isDenied(error.cause))) throw new Refusal(deniedText);
    // The one credential that a rotation signs with.
    const advice = error instanceof GatewayError ? ` Set it anew: "${session.toType('secrets set admin-token')}".` : '';
    throw new Refusal(`${name} fails: ${reason(error)}. Nothing was stored.${advice}`);
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && error.name === 'AccessDeniedException';
}

const deniedText =
  'A rehearsal does in this process what the function does, and these AWS credentials may not read the secrets for it. Rotate without --rehearse, and look for the reason in the function’s log if that comes to nothing.';

/** What the function's own log would say. */
function reason(error: unknown): string {
  if (error instanceof UnusableSecret) return error.message;
  const { detail, cause } = describeError(error);
  return cause === undefined ? String(detail) : `${detail} (${cause})`;
}

/** A parser's message quotes what it parses. */
function parse<V>({ schema }: Rotation<V>, text: string): V {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    throw new UnusableSecret('the value in use does not have its shape');
  }
}
