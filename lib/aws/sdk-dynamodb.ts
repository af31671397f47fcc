import {
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { CallItem } from './table.ts';

// The SDK's client, for whatever does not serve requests. One attempt ends after a second and a half, a call after two attempts.

/** The SDK's client of this process. */
export const dynamodb = new DynamoDBClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
});

/** Makes the table's calls with the SDK, which finds an operator's credentials wherever they are. */
export const callBySdk: CallItem = (operation, input) => {
  // The table writes the documented input of each.
  switch (operation) {
    case 'GetItem':
      return dynamodb.send(new GetItemCommand(input as GetItemCommandInput));
    case 'PutItem':
      return dynamodb.send(new PutItemCommand(input as PutItemCommandInput)).then(nothing);
    case 'UpdateItem':
      return dynamodb.send(new UpdateItemCommand(input as UpdateItemCommandInput)).then(nothing);
    case 'DeleteItem':
      return dynamodb.send(new DeleteItemCommand(input as DeleteItemCommandInput)).then(nothing);
  }
};

const nothing = () => ({});
