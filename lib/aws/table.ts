import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { env } from '../config/env.ts';
import { preconnect } from '../transport/dispatcher.ts';
import { connections, jsonService } from './service.ts';

/** An item. `pk` is its key, for example `PARTNER#<client id>` or `USER#<id>`. */
export type Item = Record<string, unknown> & { pk: string };

/** The time-to-live attribute: the time after which DynamoDB deletes the item, in seconds since the epoch. */
export const expiryAttribute = 'expires_at';

/** A write was rejected because its condition is false. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
}

/** A condition or update expression with its `#names` and `:values`. */
export interface Expression {
  text: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

/** The DynamoDB operations that the table uses. */
export type ItemOperation = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

/** Calls an operation with its documented input and returns its output. Throws an error named by the service's error code. */
export type CallItem = (operation: ItemOperation, input: object) => Promise<{ readonly Item?: unknown }>;

// Opens the first call's connection while the function starts. Prefetching the secrets opens the one to Secrets Manager.
if (env.isStarting()) preconnect(env.awsEndpoint('dynamodb').origin, connections);

/** Calls DynamoDB. An attempt times out after 1.5 seconds; a call makes two attempts. */
export const callDynamoDb = jsonService({
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
  attemptTime: 1_500,
});

let call: CallItem = callDynamoDb;

/** Sets the client of this process. The command line uses the SDK's, which supports more sources of credentials. */
export function useItemClient(client: CallItem): void {
  call = client;
}

const marshallOptions = { removeUndefinedValues: true };

/** The table: consistent reads and conditional writes of single items. */
export const table = {
  /** Returns the item, or undefined. */
  async get(pk: string): Promise<Item | undefined> {
    const { Item: item } = await call('GetItem', {
      TableName: env.tableName(),
      Key: marshall({ pk }),
      ConsistentRead: true,
    });
    return item === undefined ? undefined : asItem(item as Record<string, AttributeValue>); // The documented output.
  },

  /** Creates or replaces the item. Throws ConditionFailed. */
  async put(item: Item, condition?: Expression): Promise<void> {
    await write('PutItem', {
      TableName: env.tableName(),
      Item: marshall(item, marshallOptions),
      ConditionExpression: condition?.text,
      ExpressionAttributeNames: condition?.names,
      ExpressionAttributeValues: condition?.values && marshall(condition.values),
    });
  },

  /** Updates the item. `names` and `values` apply to both expressions. Throws ConditionFailed. */
  async update(pk: string, change: Expression, condition?: string): Promise<void> {
    await write('UpdateItem', {
      TableName: env.tableName(),
      Key: marshall({ pk }),
      UpdateExpression: change.text,
      ConditionExpression: condition,
      ExpressionAttributeNames: change.names,
      ExpressionAttributeValues: change.values && marshall(change.values, marshallOptions),
    });
  },

  /** Deletes the item. Throws ConditionFailed. */
  async delete(pk: string, condition?: Expression): Promise<void> {
    await write('DeleteItem', {
      TableName: env.tableName(),
      Key: marshall({ pk }),
      ConditionExpression: condition?.text,
      ExpressionAttributeNames: condition?.names,
      ExpressionAttributeValues: condition?.values && marshall(condition.values),
    });
  },
};

async function write(operation: ItemOperation, input: object): Promise<void> {
  try {
    await call(operation, input);
  } catch (error) {
    const isConditionFailed = error instanceof Error && error.name === 'ConditionalCheckFailedException';
    throw isConditionFailed ? new ConditionFailed('the condition is false') : error;
  }
}

/** Returns an item's attributes as JavaScript values. Every item of the table has the key `pk`. */
export function asItem(attributes: Record<string, AttributeValue>): Item {
  return unmarshall(attributes) as Item;
}
