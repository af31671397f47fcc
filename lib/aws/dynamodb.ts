import { connectAhead } from '../budgea/dispatcher.ts';
import { env } from '../env.ts';
import { connections, jsonService } from './service.ts';

// The first call finds a connection that is open, or opening. That of the secrets is opened by their reading.
if (env.isStarting()) connectAhead(env.awsEndpoint('dynamodb').origin, connections);

/** Calls DynamoDB; one attempt ends after a second and a half, a call after two attempts. */
export const callDynamoDb = jsonService({
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
  attemptTime: 1_500,
});
