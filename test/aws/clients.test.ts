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
import { startDynamoDb, type RunningDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey, withAwsKey } from '../aws-key.ts';

// What serves requests calls AWS with a client of its own; everything else with the SDK. Both pass the same tests against the same servers.

/** One request as it arrived. */
interface Arrived {
  headers: IncomingHttpHeaders;
  body: string;
}

/** What becomes of a request: `forward` lets the local service answer. */
type Script = 'forward' | 'hang' | ((response: ServerResponse) => void);

let secrets: RunningSecretsManager;
let tables: RunningDynamoDb;
let front: { url: string; close(): Promise<void> };
let script: Script[] = [];
let arrived: Arrived[] = [];
let table: typeof Table.table;
let useItemClient: typeof Table.useItemClient;

/** A way to read a secret and to reach items. */
interface Client {
  items: Table.CallItem;
  secret: (id: string) => Promise<string>;
}

const both = ['the SDK', 'the small client'] as const;
let clients: Record<(typeof both)[number], Client>;

beforeAll(async () => {
  const options = { port: 0, accessKeyId: awsKey.accessKeyId };
  [secrets, tables] = await Promise.all([startSecretsManager(options), startDynamoDb(options)]);
  front = await startFront();
  useLocal({ secretsManager: front.url, dynamodb: front.url });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_SESSION_TOKEN: 'session',
  });
  // Only now: the SDK's clients take their endpoints from the environment.
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
  await front.close();
  await Promise.all([secrets.close(), tables.close()]);
});
beforeEach(() => {
  // Nobody waits before a second attempt.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  script = [];
  arrived = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const secretId = secretFullName('local', 'admin-token');

const key = { pk: { S: 'x' } };
const item = { ...key, a: { N: '5' } };
const value = '{"token":"☃"}';

/** How each client names an answer that it cannot read, and that there was none. */
const unreadable = 'unreadable';
const noAnswer = 'no answer';
const names: Readonly<Record<string, string>> = {
  SyntaxError: unreadable,
  UnreadableAnswer: unreadable,
  Unknown: unreadable,
  UnknownError: unreadable,
  TimeoutError: noAnswer,
  Error: noAnswer,
};

/** What was read, or the error by its name. */
async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  return run.catch((error: unknown) => (error instanceof Error ? (names[error.name] ?? error.name) : 'nothing'));
}

const text =
  (status: number, body: string, headers = {}): Script =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body);
const reset: Script = (response) => response.socket?.resetAndDestroy();
const half: Script = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"Item":', () => response.socket?.resetAndDestroy());
};
const failure = (status: number, type: string) =>
  text(
    status,
    JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'a secret', Message: 'a secret' }),
  );
const twice = (step: Script): Script[] => [step, step];

const readings = [
  ['an item', (client: Client) => client.items('GetItem', { TableName, Key: key }).then(({ Item }) => Item), item],
  ['a secret', (client: Client) => client.secret(secretId), value],
] as const;
const TableName = 'local-gateway';

describe.each(both)('%s reads', (name) => {
  describe.each(readings)('%s', (_what, read, found) => {
    test.each<[what: string, steps: Script[], outcome: unknown, attempts: number]>([
      ['once', [], found, 1],
      ['again after a failure', [failure(500, 'InternalServerError')], found, 2],
      ['again after a page from the network’s edge', [text(503, '<html>')], found, 2],
      ['again when it was too often', [failure(400, 'ThrottlingException')], found, 2],
      ['again when it was too much', [failure(400, 'ProvisionedThroughputExceededException')], found, 2],
      ['again when the account’s limit is reached', [failure(400, 'RequestLimitExceeded')], found, 2],
      ['again after 429', [text(429, '')], found, 2],
      ['again over a new connection', [reset], found, 2],
      ['again when the answer breaks off', [half], found, 2],
      ['twice at most when it fails', twice(failure(500, 'InternalServerError')), 'InternalServerError', 2],
      ['twice at most when it is too often', twice(failure(400, 'ThrottlingException')), 'ThrottlingException', 2],
      ['twice at most when pages come', twice(text(503, '<html>')), unreadable, 2],
      ['twice at most over connections that break', twice(reset), noAnswer, 2],
      ['once what there is not', [failure(400, 'ResourceNotFoundException')], 'ResourceNotFoundException', 1],
      ['once what is denied', [failure(400, 'AccessDeniedException')], 'AccessDeniedException', 1],
      ['once with a wrong signature', [failure(400, 'InvalidSignatureException')], 'InvalidSignatureException', 1],
      ['once with an old session', [failure(400, 'ExpiredTokenException')], 'ExpiredTokenException', 1],
      ['once what nobody can decrypt', [failure(400, 'DecryptionFailure')], 'DecryptionFailure', 1],
      ['once what is not implemented', [failure(501, 'NotImplemented')], 'NotImplemented', 1],
      ['once what is not JSON', [text(200, 'garbage')], unreadable, 1],
      ['once an error that is not JSON', [text(400, 'garbage')], unreadable, 1],
      ['once an error without a name', [text(400, '{}')], unreadable, 1],
      ['once, following no redirect', [text(302, '', { location: 'http://127.0.0.1:1/' })], unreadable, 1],
    ])('%s', async (_how, steps, outcome, attempts) => {
      script = [...steps];
      expect(await outcomeOf(read(clients[name]))).toEqual(outcome);
      expect(arrived).toHaveLength(attempts);
    });
  });
});

test.each(both)('%s reads again when there is no answer in time', async (name) => {
  script = ['hang'];
  expect(await clients[name].items('GetItem', { TableName, Key: key })).toMatchObject({ Item: item });
  expect(arrived).toHaveLength(2);
});

describe.each(both)('the table by %s', (name) => {
  const pk = `USER#${name}`;
  const fields = { owner: '12345678', count: 3, open: true, none: null, list: ['a', { deep: 'ü' }] };
  beforeEach(() => useItemClient(clients[name].items));

  test('gives back what it keeps, changes it and removes it', async () => {
    expect(await table.get(pk)).toBeUndefined();
    await table.put({ pk, ...fields, left: undefined });
    expect(await table.get(pk)).toEqual({ pk, ...fields });
    await table.update(pk, { text: 'SET #o = :o', names: { '#o': 'owner' }, values: { ':o': '87654321' } });
    expect(await table.get(pk)).toEqual({ pk, ...fields, owner: '87654321' });
    await table.delete(pk);
    expect(await table.get(pk)).toBeUndefined();
  });

  test('writes nothing whose condition does not hold', async () => {
    await table.put({ pk, ...fields });
    const condition = { text: '#o = :o', names: { '#o': 'owner' }, values: { ':o': 'nobody' } };
    const refused = expect.objectContaining({ name: 'ConditionFailed' }) as Error;
    await expect(table.put({ pk }, condition)).rejects.toEqual(refused);
    const change = { text: 'SET #o = :o', names: { '#o': 'owner' }, values: { ':o': 'nobody' } };
    await expect(table.update(pk, change, '#o = :o')).rejects.toEqual(refused);
    await expect(table.delete(pk, condition)).rejects.toEqual(refused);
    expect(await table.get(pk)).toEqual({ pk, ...fields });
    expect(arrived).toHaveLength(5);
  });

  test.each([
    ['a table that is not there', { TABLE_NAME: 'nowhere' }],
    ['a secret that is not there', {}],
  ])('knows %s by the service’s own name', async (what, variables) => {
    const before = { ...process.env };
    Object.assign(process.env, variables);
    const run = what.includes('table') ? table.get(pk) : clients[name].secret('local/nowhere');
    const outcome = await outcomeOf(run).finally(() => Object.assign(process.env, before));
    expect(outcome).toBe('ResourceNotFoundException');
  });
});

describe.each(both)('what %s sends', (name) => {
  test('is signed as AWS checks it, with the credentials of the moment', async () => {
    await clients[name].items('GetItem', { TableName, Key: key });
    await clients[name].secret(secretId);
    const [first, second] = arrived;
    expect([first?.headers['x-amz-target'], second?.headers['x-amz-target']]).toEqual([
      'DynamoDB_20120810.GetItem',
      'secretsmanager.GetSecretValue',
    ]);
    for (const [request, service] of [
      [first, 'dynamodb'],
      [second, 'secretsmanager'],
    ] as const) {
      expect(request?.headers['x-amz-security-token']).toBe('session');
      expect(request?.headers.authorization).toBe(request && authorizationOf(request, service));
    }
  });
});

describe('the small client', () => {
  test('takes new credentials at once', async () => {
    const before = { ...process.env };
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDNEW', AWS_SECRET_ACCESS_KEY: 'new' });
      delete process.env['AWS_SESSION_TOKEN'];
      await clients['the small client'].secret(secretId);
    } finally {
      Object.assign(process.env, before);
    }
    const [request] = arrived;
    expect(request?.headers['x-amz-security-token']).toBeUndefined();
    expect(request?.headers.authorization).toBe(
      request && authorizationOf(request, 'secretsmanager', 'AKIDNEW', 'new'),
    );
  });

  test('sends nothing without credentials', async () => {
    const { AWS_ACCESS_KEY_ID } = process.env;
    delete process.env['AWS_ACCESS_KEY_ID'];
    const outcome = await outcomeOf(clients['the small client'].secret(secretId));
    process.env['AWS_ACCESS_KEY_ID'] = AWS_ACCESS_KEY_ID;
    expect(outcome).toBe('MissingSetting');
    expect(arrived).toEqual([]);
  });

  // The SDK takes these for “there is nothing”, and fills its memory with the last.
  test.each([
    ['a list', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['two megabytes', JSON.stringify({ SecretString: 'x'.repeat(2 ** 21) })],
  ])('does not take %s for an answer', async (_what, body) => {
    script = twice(text(200, body));
    await expect(clients['the small client'].secret(secretId)).rejects.toThrow(/UnreadableAnswer|size/);
  });

  test('keeps nothing of the service’s words', async () => {
    script = [failure(400, 'ValidationException')];
    const error: unknown = await clients['the small client'].secret(secretId).catch((thrown: unknown) => thrown);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('a secret');
  });
});

test.each(['eu-west-3', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1'])(
  'the small client calls where the SDK does in %s',
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

/** The `Authorization` that a request has to carry, by AWS's description of Signature Version 4, step by step. */
function authorizationOf(
  { headers, body }: Arrived,
  service: string,
  keyId = 'AKIDEXAMPLE',
  secret = 'example',
): string {
  const [, signed = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  for (const needed of ['content-type', 'host', 'x-amz-date', 'x-amz-target'])
    expect(signed.split(';')).toContain(needed);
  const date = String(headers['x-amz-date']);
  const scope = [date.slice(0, 8), 'eu-west-3', service, 'aws4_request'];
  const lines = signed.split(';').map((header) => `${header}:${String(headers[header])}\n`);
  const canonical = ['POST', '/', '', lines.join(''), signed, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signingKey = scope.reduce((last: string | Buffer, part) => hmac(last, part), `AWS4${secret}`);
  const signature = hmac(signingKey, toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope.join('/')}, SignedHeaders=${signed}, Signature=${signature}`;
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
const hmac = (by: string | Buffer, data: string): Buffer => createHmac('sha256', by).update(data).digest();

/** The server that both clients call; each request takes the next step of the script, and after the last one the local services answer. */
async function startFront() {
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
  arrived.push({ headers: request.headers, body: body.toString() });
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
