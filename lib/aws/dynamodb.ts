import { jsonService } from './service.ts';

/** Calls DynamoDB; one attempt ends after a second and a half, a call after two attempts. */
export const callDynamoDb = jsonService({
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
  attemptTime: 1_500,
});
