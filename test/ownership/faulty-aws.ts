import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey, withAwsKey } from '../aws-key.ts';
import { startProxy, type Passing } from '../proxy.ts';

/** What can become of a call on the table: an error before anything is done, no answer before or after it is done. */
type Fault = 'error' | 'unreachable' | 'lost';

/** The AWS services of a stack, behind one address. */
export interface FaultyAws {
  url: string;
  /** Says which calls on which items fail; `PutItem` on `USER#1` for example. Every repeat of a call is asked about. */
  fault: (operation: string, item: string) => Fault | undefined;
  close(): Promise<void>;
}

/** No call fails. */
export const noFault = (): undefined => undefined;

/** Starts a Secrets Manager and a DynamoDB in memory, and a proxy that makes calls on the table fail. */
export async function startFaultyAws(): Promise<FaultyAws> {
  const options = { port: 0, accessKeyId: awsKey.accessKeyId };
  const [secrets, tables] = await Promise.all([startSecretsManager(options), startDynamoDb(options)]);
  const proxy = await startProxy(
    ({ headers }) => (headers['x-amz-target']?.startsWith('DynamoDB') ? tables.url : secrets.url),
    async (request, forward) => {
      request.headers['authorization'] = withAwsKey(request.headers['authorization'] ?? '');
      const fault = aws.fault(...callOf(request));
      if (fault === 'unreachable') return 'broken';
      if (fault === 'error') return internalError;
      const answer = await forward();
      return fault === 'lost' ? 'broken' : answer;
    },
  );
  const aws: FaultyAws = {
    url: proxy.url,
    fault: noFault,
    async close() {
      await proxy.close();
      await Promise.all([secrets.close(), tables.close()]);
    },
  };
  return aws;
}

const internalError = {
  status: 500,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: 'asked for' }),
};

function callOf({ headers, body }: Passing): [operation: string, item: string] {
  const [, operation = ''] = headers['x-amz-target']?.split('.') ?? [];
  const { Key, Item } = JSON.parse(body) as { Key?: { pk: { S: string } }; Item?: { pk: { S: string } } };
  return [operation, (Key ?? Item)?.pk.S ?? ''];
}
