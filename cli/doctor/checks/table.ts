import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { tableFullName } from '#lib/config/names.ts';
import { ok, wrong, type Check } from '../check.ts';

/** Whether the table and both of its indexes answer: a query of each needs the operators' rights alone. */
export const table: Check = {
  name: 'table',
  async run({ environment, remedy }) {
    const TableName = tableFullName(environment);
    const { dynamodb } = await import('#lib/aws/sdk-dynamodb.ts');
    const { partnersIndex, usersIndex } = await import('#lib/partners/directory.ts');
    const missing = await Promise.all(
      [partnersIndex, usersIndex].map(async ({ name, key }) => {
        try {
          await dynamodb.send(
            new QueryCommand({
              TableName,
              IndexName: name,
              KeyConditionExpression: '#key = :nobody',
              ExpressionAttributeNames: { '#key': key },
              ExpressionAttributeValues: { ':nobody': { S: 'nobody' } },
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
