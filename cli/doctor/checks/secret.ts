import * as v from 'valibot';
import { now } from '#lib/clock.ts';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { problemsOf, type Problem } from '../../secrets/problems.ts';
import { duration } from '../../view.ts';
import { ok, wrong, type Check, type Finding } from '../check.ts';
import type { Subject } from '../subject.ts';
import { parseJson, readCurrent } from '../value.ts';

/** Whether a secret is there and has a value of its shape; client credentials are offered to Budgea as well. */
export const secret = (name: SecretName): Check => ({
  name,
  async run(subject) {
    const state = await subject.secret(name);
    if (state === undefined) {
      return wrong(`There is no secret ${secretFullName(subject.environment, name)}. ${subject.remedy}`);
    }
    const problem = problemsOf({ name, state }, subject.toType).find((one) => about.has(one.problem));
    if (problem !== undefined) return mintedLater(subject, name, problem);
    const age = `its value is ${duration(now() - (state.current?.createdAt ?? 0))} old`;
    const read = await readCurrent(state);
    if (read.denied) return ok(`It is set: ${age}, and these AWS credentials may not read it.`);
    const { text = '' } = read;
    if (!(await fits(name, text))) return wrong('Its value does not have its shape.', commands(subject, name));
    return name === 'client-credentials' ? offered(subject, text, age) : ok(`It is set: ${age}.`);
  },
});

/** Rotation and the manage JWT's life have checks of their own. */
const about = new Set(['missing', 'scheduled_for_deletion', 'no_value']);

/** The manage JWT is minted with the admin token, as soon as that is set. */
async function mintedLater(
  subject: Subject,
  name: SecretName,
  { problem, text, commands: usual }: Problem,
): Promise<Finding> {
  const waits = name === 'manage-token' && problem === 'no_value' && !(await isSet(subject, 'admin-token'));
  return waits ? wrong('It has no value yet: setting the admin token mints it.') : wrong(text, usual);
}

/** Whether a secret has a value. */
export async function isSet(subject: Subject, name: SecretName): Promise<boolean> {
  return (await subject.secret(name))?.current !== undefined;
}

function commands({ toType }: Subject, name: SecretName): string[] {
  const isRotated = name === 'manage-token' || name === 'sealing-keys';
  return [toType(isRotated ? `secrets rotate ${name}` : `secrets set ${name}`)];
}

async function fits(name: SecretName, text: string): Promise<boolean> {
  const { adminToken, clientCredentials, manageToken } = await import('#lib/secrets/values.ts');
  const { sealingKeys } = await import('#lib/webauth/state.ts');
  const schemas: Record<SecretName, () => v.GenericSchema> = {
    'client-credentials': clientCredentials,
    'admin-token': adminToken,
    'manage-token': manageToken,
    'sealing-keys': sealingKeys,
  };
  return v.is(schemas[name](), parseJson(text));
}

/** Budgea that does not answer has a check of its own. */
async function offered(subject: Subject, text: string, age: string): Promise<Finding> {
  const { tryClientCredentials } = await import('../../secrets/proofs.ts');
  const { clientCredentials } = await import('#lib/secrets/values.ts');
  const budgea = await subject.budgea().catch(() => undefined);
  if (budgea === undefined) return ok(`It is set: ${age}.`);
  const { outcome, because } = await tryClientCredentials(v.parse(clientCredentials(), parseJson(text)), budgea);
  if (outcome === 'refused') return wrong(`Budgea refuses it (${because}).`, commands(subject, 'client-credentials'));
  return ok(
    outcome === 'accepted' ? `Budgea takes it; ${age}.` : `It is set: ${age}. Budgea does not say if it takes it.`,
  );
}
