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

// The SDK's client, for code that does not serve requests. An attempt times out after 1.5 seconds; a call makes two attempts.

/** The SDK's client of this process. */
export const dynamodb = new DynamoDBClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
});

/** Calls DynamoDB with the SDK, which resolves credentials from all of an operator's sources. */
export const callBySdk: CallItem = (operation, input) => {
  // `table` passes the documented input of each operation.
  switch (operation) {
    case 'GetItem':
      return dynamodb.send(new GetItemCommand(input as GetItemCommandInput));
    case 'PutItem':
      return dynamodb.send(new PutItemCommand(input as PutItemCommandInput)).then(noOutput);
    case 'UpdateItem':
      return dynamodb.send(new UpdateItemCommand(input as UpdateItemCommandInput)).then(noOutput);
    case 'DeleteItem':
      return dynamodb.send(new DeleteItemCommand(input as DeleteItemCommandInput)).then(noOutput);
  }
};

const noOutput = () => ({});
