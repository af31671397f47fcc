import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { readStoredCertificate } from '#lib/jobs/certificates.ts';
import { now } from '#lib/clock.ts';
import { dynamodb } from '#lib/aws/sdk-dynamodb.ts';
import { tableFullName } from '#lib/config/names.ts';
import { listPartners, partnersIndex, usersIndex } from '#lib/partners/directory.ts';
import { duration } from '../../format.ts';
import { ok, open, wrong, type Check } from '../check.ts';

/** Checks that the table and its indexes answer; the queries need only the operators' rights. */
export const tableCheck: Check = {
  name: 'table',
  async run({ environment, remedy }) {
    const TableName = tableFullName(environment);
    const missing = await Promise.all(
      [partnersIndex, usersIndex].map(async ({ name, key }) => {
        try {
          await dynamodb.send(
            new QueryCommand({
              TableName,
              IndexName: name,
              KeyConditionExpression: '#key = :none',
              ExpressionAttributeNames: { '#key': key },
              ExpressionAttributeValues: { ':none': { S: 'none' } },
              Limit: 1,
            }),
          );
          return [];
        } catch (error) {
          if (error instanceof Error && error.name === 'ResourceNotFoundException') return [TableName];
          if (error instanceof Error && error.name === 'ValidationException') return [`index ${name}`];
          throw error;
        }
      }),
    );
    const names = [...new Set(missing.flat())];
    if (names.includes(TableName)) return wrong(`There is no table ${TableName}. ${remedy}`);
    if (names.length > 0) return wrong(`${TableName} lacks its ${names.join(' and its ')}. ${remedy}`);
    return ok(`${TableName} and its indexes answer.`);
  },
};

/** Checks that there are active partners. */
export const partnersCheck: Check = {
  name: 'partners',
  async run({ commandLine }) {
    let [active, disabled] = [0, 0];
    for await (const { status } of listPartners()) {
      if (status === 'active') active++;
      else disabled++;
    }
    if (active === 0) return open('There is no active partner yet.', [commandLine('partners create --name "My app"')]);
    return ok(`${active} may call the gateway${disabled === 0 ? '' : `, ${disabled} disabled`}.`);
  },
};

const hour = 3_600_000;

/** Checks that Budgea confirmed every stored certificate within the last two fetches, as the alarm does. */
export const certificatesCheck: Check = {
  name: 'certificates',
  async run({ certificates: { types, hours }, environment, isDeployed, remedy }) {
    if (types.length === 0) return ok('The environment stores no certificates.');
    const advice = isDeployed
      ? `Fetch them now: "aws lambda invoke --function-name ${environment}-gateway-fetch-certificates /dev/stdout".`
      : remedy;
    const confirmed = await Promise.all(
      types.map(async (type) => ({ type, at: Date.parse((await readStoredCertificate(type))?.confirmed_at ?? '') })),
    );
    const namesOf = (some: typeof confirmed) => some.map(({ type }) => type).join(' and ');
    const never = confirmed.filter(({ at }) => Number.isNaN(at));
    if (never.length > 0)
      return wrong(
        `${namesOf(never)}: never fetched. See the log of fetch-certificates, which needs the manage JWT. ${advice}`,
      );
    const stale = confirmed.filter(({ at }) => now() - at > (2 * hours + 0.5) * hour);
    const oldest = duration(now() - Math.min(...confirmed.map(({ at }) => at)));
    if (stale.length > 0)
      return wrong(
        `${namesOf(stale)}: not confirmed by Budgea for ${oldest}. See the log of fetch-certificates. ${advice}`,
      );
    return ok(`${namesOf(confirmed)}: confirmed by Budgea within the last ${oldest}.`);
  },
};
