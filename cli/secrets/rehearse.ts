import * as v from 'valibot';
import { useRotationSettings } from '#lib/config/process-env.ts';
import { GatewayError } from '#lib/errors.ts';
import { describeError } from '#lib/observability/describe-error.ts';
import { manageTokenMinutes, manageTokenRotation } from '#lib/rotation/manage-token.ts';
import { UnusableSecret, type Rotation } from '#lib/rotation/rotate.ts';
import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';
import { readVersion } from '#lib/rotation/secret-versions.ts';
import { CliError } from '../cli-error.ts';
import { awsErrorKind } from '../describe-error.ts';
import { duration } from '../format.ts';
import type { Session } from '../session.ts';
import type { Budgea } from './budgea.ts';
import { parseJson } from './input.ts';
import { newInvocation } from './rotation.ts';
import type { SecretState } from './state.ts';

/** A successful step of a rehearsal. */
export interface Step {
  step: 'createSecret' | 'testSecret';
  result: string;
}

/** The results of a rotation's steps, in words. */
type Descriptions<V> = Readonly<Record<Step['step'], (value: V) => string>>;

/** The rotation interval of a deployment in minutes, if the schedule is not a rate. */
const defaultInterval = 240;

/** Mints a manage JWT as the rotation does, tests it and discards it. Throws CliError if a step fails. */
export function rehearseManageToken(session: Session, state: SecretState, budgea: Budgea): Promise<Step[]> {
  const rotationMinutes = state.intervalMinutes ?? defaultInterval;
  useRotationSettings({ budgea: budgea.url, manageScope: budgea.scope, rotationMinutes });
  return rehearse(session, state, manageTokenRotation, {
    createSecret: () => {
      const life = duration(manageTokenMinutes() * 60_000);
      return `Budgea minted a manage JWT with the admin token: scope ${budgea.scope}, valid for ${life}`;
    },
    testSecret: () => 'Budgea accepts it, and it fits this environment',
  });
}

/** Creates the next sealing keys in memory, tests them and discards them. Throws CliError if a step fails. */
export function rehearseSealingKeys(session: Session, state: SecretState): Promise<Step[]> {
  return rehearse(session, state, sealingKeyRotation, {
    createSecret: ({ previous }) =>
      previous === undefined ? 'created two keys' : 'created a key and moved the others up one position',
    testSecret: () => 'all keys have distinct ids',
  });
}

/** Runs createSecret and testSecret of a rotation in this process; stores and promotes nothing. */
async function rehearse<V>(
  session: Session,
  { fullName, current }: SecretState,
  rotation: Rotation<V>,
  descriptions: Descriptions<V>,
): Promise<Step[]> {
  const invocation = newInvocation();
  const value = await attempt(session, 'createSecret', async () => {
    const text = current === undefined ? undefined : await readVersion(fullName, current.id);
    return rotation.create(text === undefined ? undefined : parse(rotation, text), invocation);
  });
  const created = succeed('createSecret');
  await attempt(session, 'testSecret', () => rotation.test(value, invocation));
  return [created, succeed('testSecret')];

  function succeed(step: Step['step']): Step {
    const result = descriptions[step](value);
    session.note(`${step}: ${result}.`);
    return { step, result };
  }
}

async function attempt<T>(session: Session, step: Step['step'], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const cause = error instanceof GatewayError ? error.cause : error;
    if (awsErrorKind(cause) === 'denied')
      throw new CliError(
        'A rehearsal does the function’s work in this process, and these AWS credentials may not read the secrets for it. Rotate without --rehearse; if that fails, the function’s log contains the reason.',
      );
    // The only credential that a rotation signs with is the admin token.
    const advice =
      error instanceof GatewayError ? ` Set it again: "${session.commandLine('secrets set admin-token')}".` : '';
    throw new CliError(`${step} fails: ${reasonOf(error)}. Nothing was stored.${advice}`);
  }
}

/** Returns the reason that the function would log. */
function reasonOf(error: unknown): string {
  if (error instanceof UnusableSecret) return error.message;
  const { detail, cause } = describeError(error);
  return cause === undefined ? String(detail) : `${detail} (${cause})`;
}

function parse<V>({ schema }: Rotation<V>, text: string): V {
  const parsed = v.safeParse(schema, parseJson(text));
  if (parsed.success) return parsed.output;
  throw new UnusableSecret('the value in use is malformed');
}
