import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey, withAwsKey } from './aws-key.ts';
import { startProxy, type ProxyRequest } from './proxy.ts';

/** A failure of a call on the table: an error or a broken connection before the call is executed, or a lost response after it. */
type Fault = 'error' | 'unreachable' | 'lost' | undefined;

/** Secrets Manager and DynamoDB in memory, behind one URL. They record reads and fail on demand. */
export interface TestAws {
  url: string;
  /** Returns the names of the secrets that were read since the last call. */
  secretReads(): string[];
  /** Returns the keys of the items that were read since the last call. */
  itemReads(): string[];
  /** The failure of reads of secrets. */
  secretsFailure: 'throttle' | 'internal' | 'hang' | undefined;
  /** Returns the failure of a call on an item, such as `PutItem` on `USER#1`. It is consulted for every attempt. */
  fault: (operation: string, item: string) => Fault;
  close(): Promise<void>;
}

/** A table without failures. */
export const noFault = (): Fault => undefined;
/** A table whose connections break. */
export const unreachable = (): Fault => 'unreachable';

/** Starts both services. */
export async function startTestAws(): Promise<TestAws> {
  const secretReads: string[] = [];
  const itemReads: string[] = [];
  const secrets = await startSecretsManager({
    port: 0,
    accessKeyId: awsKey.accessKeyId,
    fail(operation, request) {
      if (operation !== 'GetSecretValue') return undefined;
      secretReads.push((request as { SecretId: string }).SecretId);
      return aws.secretsFailure;
    },
  });
  const tables = await startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId });
  const proxy = await startProxy(
    ({ headers }) => (headers['x-amz-target']?.startsWith('DynamoDB') ? tables.url : secrets.url),
    async (request, forward) => {
      request.headers['authorization'] = withAwsKey(request.headers['authorization'] ?? '');
      const [service = '', operation = ''] = request.headers['x-amz-target']?.split('.') ?? [];
      if (!service.startsWith('DynamoDB')) return forward();
      const item = itemOf(request);
      const fault = aws.fault(operation, item);
      if (fault === 'unreachable') return 'broken';
      if (operation === 'GetItem') itemReads.push(item);
      if (fault === 'error') return internalError;
      const response = await forward();
      return fault === 'lost' ? 'broken' : response;
    },
  );
  const aws: TestAws = {
    url: proxy.url,
    secretReads: () => secretReads.splice(0),
    itemReads: () => itemReads.splice(0),
    secretsFailure: undefined,
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
  body: JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: 'simulated' }),
};

function itemOf({ body }: ProxyRequest): string {
  const { Key, Item } = JSON.parse(body) as { Key?: { pk: { S: string } }; Item?: { pk: { S: string } } };
  return (Key ?? Item)?.pk.S ?? '';
}
