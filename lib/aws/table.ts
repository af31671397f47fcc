import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { env } from '../config/env.ts';
import { preconnect } from '../transport/dispatcher.ts';
import { connections, jsonService } from './service.ts';

/** One item; `pk` is its key: `PARTNER#<client id>`, `USER#<id>` and so on. */
export type Item = Record<string, unknown> & { pk: string };

/** The attribute that names the time after which DynamoDB deletes an item, in seconds since the epoch. */
export const expiryAttribute = 'expires_at';

/** Without the condition the write would have changed something that it must not. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
}

/** A condition or an update, with its `#names` and `:values`. */
export interface Expression {
  text: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

/** The calls of DynamoDB that the table is made of. */
export type ItemOperation = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

/** Makes one such call with its documented input and gives its output. Throws the service's error, its name the service's own. */
export type CallItem = (operation: ItemOperation, input: object) => Promise<{ readonly Item?: unknown }>;

// The first call finds a connection that is open, or opening. That of the secrets is opened by their reading.
if (env.isStarting()) preconnect(env.awsEndpoint('dynamodb').origin, connections);

/** Calls DynamoDB; one attempt ends after a second and a half, a call after two attempts. */
export const callDynamoDb = jsonService({
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
  attemptTime: 1_500,
});

let call: CallItem = callDynamoDb;

/** Lets another client make the calls of this process: the operator's, who has more ways to credentials than a function. */
export function useItemClient(other: CallItem): void {
  call = other;
}

const marshallOptions = { removeUndefinedValues: true };

/** The table's items, by consistent single-item reads and conditional single-item writes. */
export const table = {
  /** The item, or undefined. */
  async get(pk: string): Promise<Item | undefined> {
    const { Item: found } = await call('GetItem', {
      TableName: env.tableName(),
      Key: marshall({ pk }),
      ConsistentRead: true,
    });
    // The documented output; whoever reads an item checks its shape.
    return found === undefined ? undefined : asItem(found as Record<string, AttributeValue>);
  },

  /** Replaces the item. Throws ConditionFailed. */
  async put(item: Item, condition?: Expression): Promise<void> {
    await write('PutItem', {
      TableName: env.tableName(),
      Item: marshall(item, marshallOptions),
      ConditionExpression: condition?.text,
      ExpressionAttributeNames: condition?.names,
      ExpressionAttributeValues: condition?.values && marshall(condition.values),
    });
  },

  /** Changes the item; `values` serve both expressions. Throws ConditionFailed. */
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

  /** Removes the item. Throws ConditionFailed. */
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
    const isRefused = error instanceof Error && error.name === 'ConditionalCheckFailedException';
    throw isRefused ? new ConditionFailed('the condition does not hold') : error;
  }
}

/** Reads an item's attributes; every item of the table has a `pk`, its key. */
export function asItem(attributes: Record<string, AttributeValue>): Item {
  return unmarshall(attributes) as Item;
}
