import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey, withAwsKey } from './aws-key.ts';
import { startProxy } from './proxy.ts';

/** The AWS services of a stack, in memory and behind one address; they count what is read and fail on demand. */
export interface TestAws {
  url: string;
  /** The names of the secrets that were read since the last time. */
  secretReads(): string[];
  /** The keys of the items that were read since the last time. */
  itemReads(): string[];
  /** What becomes of reads of secrets. */
  secretsFailure: 'throttle' | 'internal' | 'hang' | undefined;
  /** Whether connections to the table break before anything is done. */
  tableDown: boolean;
  close(): Promise<void>;
}

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
    async ({ headers, body }, forward) => {
      headers['authorization'] = withAwsKey(headers['authorization'] ?? '');
      const target = headers['x-amz-target'] ?? '';
      if (aws.tableDown && target.startsWith('DynamoDB')) return 'broken';
      if (target.endsWith('.GetItem')) itemReads.push((JSON.parse(body) as { Key: { pk: { S: string } } }).Key.pk.S);
      return forward();
    },
  );
  const aws: TestAws = {
    url: proxy.url,
    secretReads: () => secretReads.splice(0),
    itemReads: () => itemReads.splice(0),
    secretsFailure: undefined,
    tableDown: false,
    async close() {
      await proxy.close();
      await Promise.all([secrets.close(), tables.close()]);
    },
  };
  return aws;
}
