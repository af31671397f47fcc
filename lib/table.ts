import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { env } from './env.ts';

/** One item; `pk` is its key: `PARTNER#<client id>`, `USER#<id>` and so on. */
export type Item = Record<string, unknown> & { pk: string };

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

/** The client of this container; one attempt ends after a second and a half, a call after two attempts. */
export const dynamodb = new DynamoDBClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
});

const marshallOptions = { removeUndefinedValues: true };

/** The table's items, by consistent single-item reads and conditional single-item writes. */
export const table = {
  /** The item, or undefined. */
  async get(pk: string): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: env.tableName(), Key: marshall({ pk }), ConsistentRead: true });
    const { Item: found } = await dynamodb.send(command);
    return found === undefined ? undefined : asItem(found);
  },

  /** Replaces the item. Throws ConditionFailed. */
  async put(item: Item, condition?: Expression): Promise<void> {
    const command = new PutItemCommand({
      TableName: env.tableName(),
      Item: marshall(item, marshallOptions),
      ConditionExpression: condition?.text,
      ExpressionAttributeNames: condition?.names,
      ExpressionAttributeValues: condition?.values && marshall(condition.values),
    });
    await conditional(dynamodb.send(command));
  },

  /** Changes the item; `values` serve both expressions. Throws ConditionFailed. */
  async update(pk: string, change: Expression, condition?: string): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: env.tableName(),
      Key: marshall({ pk }),
      UpdateExpression: change.text,
      ConditionExpression: condition,
      ExpressionAttributeNames: change.names,
      ExpressionAttributeValues: change.values && marshall(change.values, marshallOptions),
    });
    await conditional(dynamodb.send(command));
  },

  /** Removes the item. Throws ConditionFailed. */
  async delete(pk: string, condition?: Expression): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: env.tableName(),
      Key: marshall({ pk }),
      ConditionExpression: condition?.text,
      ExpressionAttributeNames: condition?.names,
      ExpressionAttributeValues: condition?.values && marshall(condition.values),
    });
    await conditional(dynamodb.send(command));
  },
};

async function conditional(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new ConditionFailed('the condition does not hold');
    throw error;
  }
}

/** Reads an item's attributes; every item of the table has a `pk`, its key. */
export function asItem(attributes: Record<string, AttributeValue>): Item {
  return unmarshall(attributes) as Item;
}
