import * as v from 'valibot';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { now } from '#lib/clock.ts';
import { duration } from '../../view.ts';
import { ok, open, wrong, type Check } from '../check.ts';
import type { Subject } from '../subject.ts';
import { parseJson, readCurrent } from '../value.ts';

/** How long the manage JWT in use lives, and whether Budgea takes it. */
export const manageJwt: Check = {
  name: 'manage JWT',
  async run(subject) {
    const state = await subject.secret('manage-token');
    if (state?.current === undefined) return open('There is none yet.');
    const read = await readCurrent(state);
    if (read.denied) {
      return open(
        'Its life is in its value, which these AWS credentials may not read: the alarm manage-token-expiring watches it.',
      );
    }
    const rotate = [subject.toType('secrets rotate manage-token')];
    const { manageToken } = await import('#lib/secrets/values.ts');
    const { problemsOf } = await import('../../secrets/problems.ts');
    const parsed = v.safeParse(manageToken(), parseJson(read.text ?? ''));
    const expiresAt = parsed.success ? parsed.output.expires_at * 1000 : 'malformed';
    const problems = problemsOf({ name: 'manage-token', state, expiresAt }, subject.toType);
    const problem = problems.find((one) => about.has(one.problem));
    if (problem !== undefined) return wrong(problem.text, problem.commands);
    const life = `It lives ${duration(Number(expiresAt) - now())}`;
    const accepted = parsed.success ? await takes(subject, parsed.output.jwt_token) : undefined;
    if (accepted === false) return wrong('Budgea rejects it.', rotate);
    return ok(accepted === true ? `${life}, and Budgea takes it.` : `${life}.`);
  },
};

const about = new Set(['malformed', 'expired', 'short_lived']);

/** Undefined when Budgea does not say. */
async function takes(subject: Subject, token: string): Promise<boolean | undefined> {
  const { acceptsManageToken } = await import('#lib/rotation/manage-token.ts');
  try {
    const { url } = await subject.budgea();
    return await acceptsManageToken(
      new AuthenticationApi(new Configuration({ basePath: url, apiKey: token, apiKeyPrefix: 'Bearer' })),
    );
  } catch {
    // Budgea has a check of its own.
    return undefined;
  }
}
