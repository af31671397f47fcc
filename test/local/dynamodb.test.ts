import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  UpdateItemCommand,
  type GlobalSecondaryIndex,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from 'vitest';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import type { RunningServer } from '#local/loopback.ts';
import { awsKey } from '../aws-key.ts';

const TABLE = 'test-gateway';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function start(options: { port?: number; folder?: string } = {}): Promise<RunningServer> {
  const server = await startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId, ...options });
  cleanUps.push(() => server.close());
  return server;
}

async function temporaryFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'dynamodb-'));
  cleanUps.push(() => rm(parent, { recursive: true }));
  return join(parent, 'state', 'dynamodb');
}

function clientOf({ url }: RunningServer): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'local',
    credentials: awsKey,
  });
  cleanUps.push(async () => client.destroy());
  return client;
}

function indexOn(key: string): GlobalSecondaryIndex {
  return {
    IndexName: `by-${key}`,
    KeySchema: [
      { AttributeName: key, KeyType: 'HASH' },
      { AttributeName: 'pk', KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'ALL' },
  };
}

/** Makes a table of partners and users, with sparse indexes that list all partners and one partner's users. */
async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'kind', 'owner'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [indexOn('kind'), indexOn('owner')],
    }),
  );
}

async function put(client: DynamoDBClient, item: Record<string, string>): Promise<void> {
  await client.send(
    new PutItemCommand({
      TableName: TABLE,
      Item: Object.fromEntries(Object.entries(item).map(([name, value]) => [name, { S: value }])),
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
}

async function query(client: DynamoDBClient, key: string, value: string) {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: TABLE,
      IndexName: `by-${key}`,
      KeyConditionExpression: '#key = :value',
      ExpressionAttributeNames: { '#key': key },
      ExpressionAttributeValues: { ':value': { S: value } },
    }),
  );
  return Items.map((item) => item['pk']?.S);
}

describe('the local DynamoDB', () => {
  test('has a table and its indexes as soon as it says so', async () => {
    const client = clientOf(await start());
    await createTable(client);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLE }));

    expect(Table?.TableStatus).toBe('ACTIVE');
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexStatus }) => IndexStatus)).toEqual(['ACTIVE', 'ACTIVE']);
    await expect(createTable(client)).rejects.toBeInstanceOf(ResourceInUseException);
  });

  test('puts an item on a condition', async () => {
    const client = clientOf(await start());
    await createTable(client);
    await put(client, { pk: 'USER#1', owner: '12345678' });

    await expect(put(client, { pk: 'USER#1', owner: '87654321' })).rejects.toBeInstanceOf(
      ConditionalCheckFailedException,
    );
    expect(await query(client, 'owner', '12345678')).toEqual(['USER#1']);
    expect(await query(client, 'owner', '87654321')).toEqual([]);
  });

  test('lets one of several writers win', async () => {
    const client = clientOf(await start());
    await createTable(client);
    const writers = Array.from({ length: 20 }, (_, index) => put(client, { pk: 'USER#1', owner: String(index) }));
    const outcomes = await Promise.allSettled(writers);

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('lists by index only the items that have its key, and follows an update', async () => {
    const client = clientOf(await start());
    await createTable(client);
    await put(client, { pk: 'PARTNER#1', kind: 'partner' });
    await put(client, { pk: 'PARTNER#2', kind: 'partner' });
    await put(client, { pk: 'USER#1', owner: '1' });
    await put(client, { pk: 'USER#2', owner: '2' });
    await client.send(
      new UpdateItemCommand({
        TableName: TABLE,
        Key: { pk: { S: 'USER#2' } },
        UpdateExpression: 'SET #owner = :owner',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': { S: '1' } },
      }),
    );

    expect(await query(client, 'kind', 'partner')).toEqual(['PARTNER#1', 'PARTNER#2']);
    expect(await query(client, 'owner', '1')).toEqual(['USER#1', 'USER#2']);
    expect(await query(client, 'owner', '2')).toEqual([]);
  });

  test('keeps its state across a restart', async () => {
    const folder = await temporaryFolder();
    const first = await start({ folder });
    const client = clientOf(first);
    await createTable(client);
    await put(client, { pk: 'USER#1', owner: '12345678' });
    await first.close();

    const again = clientOf(await start({ folder, port: first.port }));
    const { Item } = await again.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'USER#1' } } }));
    expect(Item).toEqual({ pk: { S: 'USER#1' }, owner: { S: '12345678' } });
    expect(await query(again, 'owner', '12345678')).toEqual(['USER#1']);
  });

  test('does not start on a port that is taken, and leaves the folder free', async () => {
    const folder = await temporaryFolder();
    const { port } = await start();

    await expect(start({ port, folder })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(start({ folder })).resolves.toMatchObject({ port: expect.any(Number) as number });
  });

  test('does not start in a folder that is in use', async () => {
    const folder = await temporaryFolder();
    await start({ folder });

    await expect(start({ folder })).rejects.toMatchObject({ cause: { code: 'LEVEL_LOCKED' } });
  });

  test('survives a caller who goes away in the middle of a request', async () => {
    const server = await start();
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const credential = `Credential=${awsKey.accessKeyId}/20260101/local/dynamodb/aws4_request`;
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: AWS4-HMAC-SHA256 ${credential}`;
    socket.write(`${head}\r\nContent-Length: 100\r\n\r\n{`, () => socket.resetAndDestroy());
    await once(socket, 'close');

    const client = clientOf(server);
    await createTable(client);
    expect(await query(client, 'kind', 'partner')).toEqual([]);
  });

  test('closes although a connection is open and silent', async () => {
    const server = await start();
    const socket = connect(server.port, '127.0.0.1').resume();
    await once(socket, 'connect');
    await createTable(clientOf(server));

    await Promise.all([server.close(), once(socket, 'close')]);
    expect(socket.destroyed).toBe(true);
  });
});
