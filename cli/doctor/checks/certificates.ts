import { now } from '#lib/clock.ts';
import { duration } from '../../view.ts';
import { ok, wrong, type Check } from '../check.ts';
import type { Subject } from '../subject.ts';

const hour = 3_600_000;

/** Whether Budgea has confirmed every kept certificate within two fetches, as the alarm has it. */
export const certificates: Check = {
  name: 'certificates',
  async run(subject) {
    const { types, hours } = subject.certificates;
    if (types.length === 0) return ok('None are to be kept.');
    const { readStoredCertificate } = await import('#lib/jobs/certificates.ts');
    const confirmed = await Promise.all(
      types.map(async (type) => ({ type, at: Date.parse((await readStoredCertificate(type))?.confirmed_at ?? '') })),
    );
    const never = confirmed.filter(({ at }) => Number.isNaN(at)).map(({ type }) => type);
    if (never.length > 0)
      return wrong(
        `${never.join(' and ')}: never fetched. See the log of fetch-certificates; it needs the manage JWT. ${again(subject)}`,
      );
    const stale = confirmed.filter(({ at }) => now() - at > (2 * hours + 0.5) * hour);
    const oldest = duration(now() - Math.min(...confirmed.map(({ at }) => at)));
    if (stale.length > 0) {
      return wrong(
        `${stale.map(({ type }) => type).join(' and ')}: not confirmed by Budgea for ${oldest}. See the log of fetch-certificates. ${again(subject)}`,
      );
    }
    return ok(`${types.join(' and ')}: confirmed by Budgea within the last ${oldest}.`);
  },
};

function again({ environment, account, remedy }: Subject): string {
  return account === undefined
    ? remedy
    : `Fetch them now: "aws lambda invoke --function-name ${environment}-gateway-fetch-certificates /dev/stdout".`;
}
