import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { secretFullName } from '#lib/config/names.ts';
import { useLocal } from '#lib/config/process-env.ts';
import type * as Table from '#lib/aws/table.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import type { RunningServer } from '#local/loopback.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey, withAwsKey } from '../aws-key.ts';

// Functions that serve requests call AWS with a small client, all other code with the SDK. Both pass the same tests.

/** A received request. */
interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** The answer to a request; `forward` lets the local service answer. */
type Step = 'forward' | 'hang' | ((response: ServerResponse) => void);

let secrets: RunningSecretsManager;
let tables: RunningServer;
let proxy: { url: string; close(): Promise<void> };
let script: Step[] = [];
let received: Received[] = [];
let table: typeof Table.table;
let useItemClient: typeof Table.useItemClient;

/** A client of DynamoDB and Secrets Manager. */
interface Client {
  items: Table.CallItem;
  secret: (id: string) => Promise<string>;
}

const names = ['the SDK', 'the small client'] as const;
let clients: Record<(typeof names)[number], Client>;

beforeAll(async () => {
  const options = { port: 0, accessKeyId: awsKey.accessKeyId };
  [secrets, tables] = await Promise.all([startSecretsManager(options), startDynamoDb(options)]);
  proxy = await startProxy();
  useLocal({ secretsManager: proxy.url, dynamodb: proxy.url });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_SESSION_TOKEN: 'session',
  });
  // Imported here, because the SDK's clients read their endpoints from the environment.
  const { callBySdk } = await import('#lib/aws/sdk-dynamodb.ts');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  const { callDynamoDb } = await import('#lib/aws/table.ts');
  const { readSecretText } = await import('#lib/secrets/reader.ts');
  ({ useItemClient, table } = await import('#lib/aws/table.ts'));
  clients = {
    'the SDK': {
      items: callBySdk,
      secret: async (SecretId) =>
        (await secretsManager.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '',
    },
    'the small client': { items: callDynamoDb, secret: readSecretText },
  };
  await secretsManager.send(new CreateSecretCommand({ Name: secretId, SecretString: value }));
  await (await import('#local/table.ts')).createTable();
  await clients['the SDK'].items('PutItem', { TableName, Item: item });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([secrets.close(), tables.close()]);
});
beforeEach(() => {
  // No delay before a second attempt.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  script = [];
  received = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const secretId = secretFullName('local', 'admin-token');

const key = { pk: { S: 'x' } };
const item = { ...key, a: { N: '5' } };
const value = '{"token":"☃"}';

/** The clients' errors for an unreadable response, and for none. */
const unreadable = 'unreadable';
const noResponse = 'no response';
const outcomes: Readonly<Record<string, string>> = {
  SyntaxError: unreadable,
  UnreadableAnswer: unreadable,
  Unknown: unreadable,
  UnknownError: unreadable,
  TimeoutError: noResponse,
  Error: noResponse,
};

/** Returns the value that was read, or the error's name. */
async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  return run.catch((error: unknown) =>
    error instanceof Error ? (outcomes[error.name] ?? error.name) : 'not an error',
  );
}

const text =
  (status: number, body: string, headers = {}): Step =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body);
const reset: Step = (response) => response.socket?.resetAndDestroy();
const half: Step = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"Item":', () => response.socket?.resetAndDestroy());
};
const failure = (status: number, type: string) =>
  text(
    status,
    JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'a secret', Message: 'a secret' }),
  );
const twice = (step: Step): Step[] => [step, step];

const reads = [
  ['an item', (client: Client) => client.items('GetItem', { TableName, Key: key }).then(({ Item }) => Item), item],
  ['a secret', (client: Client) => client.secret(secretId), value],
] as const;
const TableName = 'local-gateway';

describe.each(names)('%s reads', (name) => {
  describe.each(reads)('%s', (_what, read, expected) => {
    test.each<[what: string, steps: Step[], outcome: unknown, attempts: number]>([
      ['once', [], expected, 1],
      ['again after a failure', [failure(500, 'InternalServerError')], expected, 2],
      ['again after an HTML page of a proxy', [text(503, '<html>')], expected, 2],
      ['again after ThrottlingException', [failure(400, 'ThrottlingException')], expected, 2],
      [
        'again after ProvisionedThroughputExceededException',
        [failure(400, 'ProvisionedThroughputExceededException')],
        expected,
        2,
      ],
      ['again after RequestLimitExceeded', [failure(400, 'RequestLimitExceeded')], expected, 2],
      ['again after 429', [text(429, '')], expected, 2],
      ['again over a new connection', [reset], expected, 2],
      ['again after an incomplete response', [half], expected, 2],
      ['at most twice after failures', twice(failure(500, 'InternalServerError')), 'InternalServerError', 2],
      ['at most twice when it is throttled', twice(failure(400, 'ThrottlingException')), 'ThrottlingException', 2],
      ['at most twice after HTML pages', twice(text(503, '<html>')), unreadable, 2],
      ['at most twice over broken connections', twice(reset), noResponse, 2],
      ['once what does not exist', [failure(400, 'ResourceNotFoundException')], 'ResourceNotFoundException', 1],
      ['once what is denied', [failure(400, 'AccessDeniedException')], 'AccessDeniedException', 1],
      ['once with a wrong signature', [failure(400, 'InvalidSignatureException')], 'InvalidSignatureException', 1],
      ['once with an expired session', [failure(400, 'ExpiredTokenException')], 'ExpiredTokenException', 1],
      ['once what cannot be decrypted', [failure(400, 'DecryptionFailure')], 'DecryptionFailure', 1],
      ['once what is not implemented', [failure(501, 'NotImplemented')], 'NotImplemented', 1],
      ['once what is not JSON', [text(200, 'garbage')], unreadable, 1],
      ['once an error that is not JSON', [text(400, 'garbage')], unreadable, 1],
      ['once an error without a name', [text(400, '{}')], unreadable, 1],
      ['once, without following a redirect', [text(302, '', { location: 'http://127.0.0.1:1/' })], unreadable, 1],
    ])('%s', async (_how, steps, outcome, attempts) => {
      script = [...steps];
      expect(await outcomeOf(read(clients[name]))).toEqual(outcome);
      expect(received).toHaveLength(attempts);
    });
  });
});

test.each(names)('%s reads again after a timeout', async (name) => {
  script = ['hang'];
  expect(await clients[name].items('GetItem', { TableName, Key: key })).toMatchObject({ Item: item });
  expect(received).toHaveLength(2);
});

describe.each(names)('the table with %s', (name) => {
  const pk = `USER#${name}`;
  const fields = { owner: '12345678', count: 3, open: true, none: null, list: ['a', { deep: 'ü' }] };
  beforeEach(() => useItemClient(clients[name].items));

  test('reads, updates and deletes an item', async () => {
    expect(await table.get(pk)).toBeUndefined();
    await table.put({ pk, ...fields, left: undefined });
    expect(await table.get(pk)).toEqual({ pk, ...fields });
    await table.update(pk, { text: 'SET #o = :o', names: { '#o': 'owner' }, values: { ':o': '87654321' } });
    expect(await table.get(pk)).toEqual({ pk, ...fields, owner: '87654321' });
    await table.delete(pk);
    expect(await table.get(pk)).toBeUndefined();
  });

  test('does not write when the condition is false', async () => {
    await table.put({ pk, ...fields });
    const condition = { text: '#o = :o', names: { '#o': 'owner' }, values: { ':o': 'another' } };
    const failed = expect.objectContaining({ name: 'ConditionFailed' }) as Error;
    await expect(table.put({ pk }, condition)).rejects.toEqual(failed);
    const change = { text: 'SET #o = :o', names: { '#o': 'owner' }, values: { ':o': 'another' } };
    await expect(table.update(pk, change, '#o = :o')).rejects.toEqual(failed);
    await expect(table.delete(pk, condition)).rejects.toEqual(failed);
    expect(await table.get(pk)).toEqual({ pk, ...fields });
    expect(received).toHaveLength(5);
  });

  test.each([
    ['a missing table', { TABLE_NAME: 'unknown' }],
    ['a missing secret', {}],
  ])('reports %s with the service’s error code', async (what, variables) => {
    for (const [variable, setting] of Object.entries(variables)) vi.stubEnv(variable, setting);
    const run = what.includes('table') ? table.get(pk) : clients[name].secret('local/unknown');
    expect(await outcomeOf(run)).toBe('ResourceNotFoundException');
  });
});

describe.each(names)('a request of %s', (name) => {
  test('is signed with Signature Version 4 and the current credentials', async () => {
    await clients[name].items('GetItem', { TableName, Key: key });
    await clients[name].secret(secretId);
    const targets = received.map(({ headers }) => headers['x-amz-target']);
    expect(targets).toEqual(['DynamoDB_20120810.GetItem', 'secretsmanager.GetSecretValue']);
    for (const [index, service] of ['dynamodb', 'secretsmanager'].entries()) {
      const request = received[index];
      expect(request?.headers['x-amz-security-token']).toBe('session');
      expect(request?.headers.authorization).toBe(request && authorizationOf(request, service));
    }
  });
});

describe('the small client', () => {
  test('uses new credentials immediately', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDNEW');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'new');
    vi.stubEnv('AWS_SESSION_TOKEN', undefined);
    await clients['the small client'].secret(secretId);
    const [request] = received;
    expect(request?.headers['x-amz-security-token']).toBeUndefined();
    expect(request?.headers.authorization).toBe(
      request && authorizationOf(request, 'secretsmanager', 'AKIDNEW', 'new'),
    );
  });

  test('sends nothing without credentials', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    expect(await outcomeOf(clients['the small client'].secret(secretId))).toBe('MissingSetting');
    expect(received).toEqual([]);
  });

  // The SDK accepts the first three as empty outputs, and has no limit for the last.
  test.each([
    ['an array', '[]'],
    ['an empty body', ''],
    ['null', 'null'],
    ['two megabytes', JSON.stringify({ SecretString: 'x'.repeat(2 ** 21) })],
  ])('rejects %s', async (_what, body) => {
    script = twice(text(200, body));
    await expect(clients['the small client'].secret(secretId)).rejects.toThrow(/UnreadableAnswer|size/);
  });

  test('drops the service’s message', async () => {
    script = [failure(400, 'ValidationException')];
    const error: unknown = await clients['the small client'].secret(secretId).catch((thrown: unknown) => thrown);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('a secret');
  });
});

test.each(['eu-west-3', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1'])(
  'the small client uses the SDK’s endpoints in %s',
  async (region) => {
    const { env } = await import('#lib/config/env.ts');
    vi.stubEnv('AWS_REGION', region);
    for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SECRETS_MANAGER', 'AWS_ENDPOINT_URL_DYNAMODB'])
      vi.stubEnv(name, undefined);
    const sdk = {
      secretsmanager: new SecretsManagerClient({ region }).config.endpointProvider({ Region: region }),
      dynamodb: new DynamoDBClient({ region }).config.endpointProvider({ Region: region }),
    };
    expect(env.awsEndpoint('secretsmanager').href).toBe(sdk.secretsmanager.url.href);
    expect(env.awsEndpoint('dynamodb').href).toBe(sdk.dynamodb.url.href);
  },
);

/** Returns the expected `Authorization` header of a request, by AWS's description of Signature Version 4. */
function authorizationOf(
  { headers, body }: Received,
  service: string,
  keyId = 'AKIDEXAMPLE',
  secret = 'example',
): string {
  const [, signed = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  for (const required of ['content-type', 'host', 'x-amz-date', 'x-amz-target'])
    expect(signed.split(';')).toContain(required);
  const date = String(headers['x-amz-date']);
  const scope = [date.slice(0, 8), 'eu-west-3', service, 'aws4_request'];
  const lines = signed.split(';').map((header) => `${header}:${String(headers[header])}\n`);
  const canonical = ['POST', '/', '', lines.join(''), signed, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signingKey = scope.reduce((previous: string | Buffer, part) => hmac(previous, part), `AWS4${secret}`);
  const signature = hmac(signingKey, toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope.join('/')}, SignedHeaders=${signed}, Signature=${signature}`;
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
const hmac = (secret: string | Buffer, data: string): Buffer => createHmac('sha256', secret).update(data).digest();

/** Starts the server that both clients call. It answers by the script, and forwards requests after the last step. */
async function startProxy() {
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  received.push({ headers: request.headers, body: body.toString() });
  const step = script.shift() ?? 'forward';
  if (step === 'hang') return;
  if (step !== 'forward') return step(response);
  const target = String(request.headers['x-amz-target']);
  const answer = await fetch(target.startsWith('DynamoDB') ? tables.url : secrets.url, {
    method: 'POST',
    headers: {
      'content-type': String(request.headers['content-type']),
      'x-amz-target': target,
      authorization: withAwsKey(String(request.headers.authorization)),
      'x-amz-date': String(request.headers['x-amz-date']),
    },
    body,
  });
  response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text());
}
