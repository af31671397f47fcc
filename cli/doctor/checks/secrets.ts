import * as v from 'valibot';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { now } from '#lib/clock.ts';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { acceptsManageToken } from '#lib/rotation/manage-token.ts';
import { adminToken, clientCredentials, manageToken } from '#lib/secrets/values.ts';
import { sealingKeys } from '#lib/webauth/state.ts';
import { duration } from '../../format.ts';
import { isRotatable, type RotatableName } from '../../secrets/catalog.ts';
import { parseJson } from '../../secrets/input.ts';
import { problemsOf, type Inspection, type Problem } from '../../secrets/problems.ts';
import { hasValue, readVersionValue, type SecretState } from '../../secrets/state.ts';
import { verifyClientCredentials } from '../../secrets/verify.ts';
import { ok, open, wrong, type Check, type Finding } from '../check.ts';
import type { Context } from '../context.ts';

const schemas: Record<SecretName, () => v.GenericSchema> = {
  'client-credentials': clientCredentials,
  'admin-token': adminToken,
  'manage-token': manageToken,
  'sealing-keys': sealingKeys,
};

/** Checks that a secret exists and has a valid value; client credentials are also verified at Budgea. */
export const secretCheck = (name: SecretName): Check => ({
  name,
  async run(context) {
    const { environment, remedy, commandLine } = context;
    const state = await context.secret(name);
    if (state === undefined) return wrong(`There is no secret ${secretFullName(environment, name)}. ${remedy}`);
    const problem = findProblem(context, { name, state }, ['scheduled_for_deletion', 'no_value']);
    if (problem?.problem === 'no_value' && name === 'manage-token' && !(await isSet(context, 'admin-token')))
      return wrong('It has no value yet: setting the admin token mints it.');
    if (problem !== undefined) return wrong(problem.text, problem.commands);
    const age = `its value is ${duration(now() - (state.current?.createdAt ?? 0))} old`;
    const value = await readVersionValue(state, state.current);
    if (value.denied) return ok(`It is set: ${age}, and these AWS credentials may not read it.`);
    const commands = [commandLine(isRotatable(name) ? `secrets rotate ${name}` : `secrets set ${name}`)];
    const json = parseJson(value.text ?? '');
    if (!v.is(schemas[name](), json)) return wrong('Its value is malformed.', commands);
    return name === 'client-credentials' ? verified(context, json, age, commands) : ok(`It is set: ${age}.`);
  },
});

async function verified(context: Context, json: unknown, age: string, commands: readonly string[]): Promise<Finding> {
  // Budgea has its own check.
  const budgea = await context.budgea().catch(() => undefined);
  if (budgea === undefined) return ok(`It is set: ${age}.`);
  const { outcome, reason } = await verifyClientCredentials(v.parse(clientCredentials(), json), budgea);
  if (outcome === 'rejected') return wrong(`Budgea rejects it (${reason}).`, commands);
  return ok(
    outcome === 'accepted' ? `Budgea accepts it; ${age}.` : `It is set: ${age}. Budgea neither accepts nor rejects it.`,
  );
}

/** Checks that a secret rotates automatically and that no rotation is stuck. */
export const rotationCheck = (name: RotatableName): Check => ({
  name: `${name} rotation`,
  async run(context) {
    const state = await context.secret(name);
    if (state === undefined) return open('There is no such secret.');
    const pendingHasValue = state.pending && (await hasValue(state, state.pending));
    const inspection = { name, state, pendingHasValue };
    const problem = findProblem(context, inspection, ['stuck_pending', 'left_pending', 'rotation_off']);
    if (problem === undefined) return ok(describeRotation(state));
    if (!state.hasRotationFunction) return wrong(`No function rotates it. ${context.remedy}`);
    if (name === 'manage-token' && !(await isSet(context, 'admin-token'))) {
      return wrong('The rotation failed because the admin token is not set: setting it rotates this secret.', [
        context.commandLine('secrets set admin-token'),
      ]);
    }
    return wrong(problem.text, problem.commands);
  },
});

function describeRotation({ pending, lastRotatedAt, nextRotationAt }: SecretState): string {
  if (pending !== undefined) return 'It is on and in progress.';
  const last = lastRotatedAt === undefined ? 'not needed yet' : `last ${duration(now() - lastRotatedAt)} ago`;
  if (nextRotationAt === undefined) return `It is on: ${last}.`;
  const next = nextRotationAt <= now() ? 'due' : `next in ${duration(nextRotationAt - now())}`;
  return `It is on: ${last}, ${next}.`;
}

/** Checks that the manage JWT in use lives long enough and that Budgea accepts it. */
export const manageJwtCheck: Check = {
  name: 'manage JWT',
  async run(context) {
    const state = await context.secret('manage-token');
    if (state?.current === undefined) return open('There is no manage JWT yet.');
    const value = await readVersionValue(state, state.current);
    if (value.denied) {
      return open(
        'Its expiry is unknown, because these AWS credentials may not read it; the alarm manage-token-expiring monitors it.',
      );
    }
    const parsed = v.safeParse(manageToken(), parseJson(value.text ?? ''));
    const expiresAt = parsed.success ? parsed.output.expires_at * 1000 : 'malformed';
    const inspection = { name: 'manage-token', state, expiresAt } as const;
    const problem = findProblem(context, inspection, ['malformed', 'expired', 'short_lived']);
    if (problem !== undefined) return wrong(problem.text, problem.commands);
    const life = `It expires in ${duration(Number(expiresAt) - now())}`;
    const accepted = parsed.success ? await isAccepted(context, parsed.output.jwt_token) : undefined;
    if (accepted === false) return wrong('Budgea rejects it.', [context.commandLine('secrets rotate manage-token')]);
    return ok(accepted === true ? `${life}, and Budgea accepts it.` : `${life}.`);
  },
};

/** Whether Budgea accepts the manage JWT; undefined if it neither accepts nor rejects it. */
async function isAccepted(context: Context, token: string): Promise<boolean | undefined> {
  try {
    const { url } = await context.budgea();
    return await acceptsManageToken(
      new AuthenticationApi(new Configuration({ basePath: url, apiKey: token, apiKeyPrefix: 'Bearer' })),
    );
  } catch {
    // Budgea has its own check.
    return undefined;
  }
}

/** Returns the first problem of one of the kinds; each check reports only its own kinds. */
function findProblem(
  { commandLine }: Context,
  inspection: Inspection,
  kinds: readonly Problem['problem'][],
): Problem | undefined {
  return problemsOf(inspection, commandLine).find(({ problem }) => kinds.includes(problem));
}

async function isSet(context: Context, name: SecretName): Promise<boolean> {
  return (await context.secret(name))?.current !== undefined;
}
