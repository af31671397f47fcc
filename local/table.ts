import { CreateTableCommand, ResourceInUseException, type GlobalSecondaryIndex } from '@aws-sdk/client-dynamodb';
import { dynamodb } from '#lib/aws/sdk-dynamodb.ts';
import { env } from '#lib/config/env.ts';
import { partnersIndex, usersIndex } from '#lib/partners/directory.ts';

/** Creates the gateway's table and its two indexes, unless the table exists. */
export async function createTable(): Promise<void> {
  const command = new CreateTableCommand({
    TableName: env.tableName(),
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', partnersIndex.key, usersIndex.key].map((name) => ({
      AttributeName: name,
      AttributeType: 'S' as const,
    })),
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [index(partnersIndex), index(usersIndex)],
  });
  await dynamodb.send(command).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
}

function index({ name, key }: { name: string; key: string }): GlobalSecondaryIndex {
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: key, KeyType: 'HASH' },
      { AttributeName: 'pk', KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'ALL' },
  };
}
