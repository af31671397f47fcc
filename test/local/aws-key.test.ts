import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import { makeAwsKey } from '#local/aws-key.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import type { RunningServer } from '#local/loopback.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';

// Both local AWS servers answer one access key; its id alone is checked.

const { accessKeyId } = awsKey;
let secrets: RunningSecretsManager;
let tables: RunningServer;

beforeAll(async () => {
  [secrets, tables] = await Promise.all([
    startSecretsManager({ port: 0, accessKeyId }),
    startDynamoDb({ port: 0, accessKeyId }),
  ]);
});
afterAll(() => Promise.all([secrets.close(), tables.close()]));

const services = {
  'Secrets Manager': {
    url: () => secrets.url,
    target: 'secretsmanager.ListSecrets',
    type: 'application/x-amz-json-1.1',
  },
  DynamoDB: { url: () => tables.url, target: 'DynamoDB_20120810.ListTables', type: 'application/x-amz-json-1.0' },
};

const signed = (credential: string) =>
  `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=0`;
const scope = '20260101/eu-west-3/any/aws4_request';

describe.each(Object.entries(services))('%s', (_name, { url, target, type }) => {
  async function ask(authorization: string | undefined, query = '', method = 'POST') {
    const headers = { 'content-type': type, 'x-amz-target': target, 'x-amz-date': '20260101T000000Z' };
    const answer = await fetch(`${url()}/${query}`, {
      method,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(method === 'POST' && { body: '{}' }),
    });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  }

  test.each(['eu-west-3', 'us-east-1', 'cn-north-1', 'local'])('answers its key, signed for %s', async (region) => {
    expect(await ask(signed(`${accessKeyId}/20260101/${region}/any/aws4_request`))).toMatchObject({ status: 200 });
  });

  test.each([
    ['no key', undefined],
    ['an empty header', ''],
    ['another scheme', `Basic ${Buffer.from(`${accessKeyId}:`).toString('base64')}`],
    ['the key as a bearer token', `Bearer ${accessKeyId}`],
    ['a signature without a credential', 'AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0'],
    ['an empty credential', signed(`/${scope}`)],
  ])('does not answer %s', async (_what, authorization) => {
    const { text, ...answer } = await ask(authorization);
    expect(answer).toEqual({ status: 400, type });
    expect(text).toMatch(/^{"__type":"(?:com\.amazon\.coral\.service#)?MissingAuthenticationTokenException"/);
    expect(text).toContain('stack.json');
  });

  test.each([
    ['any key', 'local'],
    ['a new key', makeAwsKey().accessKeyId],
    ['the beginning of its key', accessKeyId.slice(0, -1)],
    ['more than its key', `${accessKeyId}A`],
    ['its key in lower case', accessKeyId.toLowerCase()],
    ['another key before its own', `local/${scope}, Credential=${accessKeyId}`],
  ])('does not answer %s', async (_what, id) => {
    const { text, ...answer } = await ask(signed(`${id}/${scope}`));
    expect(answer).toEqual({ status: 400, type });
    expect(text).toMatch(/^{"__type":"(?:com\.amazon\.coral\.service#)?UnrecognizedClientException"/);
    expect(text).not.toContain(accessKeyId);
  });

  test('answers no key in a query, and no other method without one', async () => {
    const query = `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${accessKeyId}/${scope}&X-Amz-Signature=0&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z`;
    expect(await ask(undefined, query)).toMatchObject({ status: 400 });
    expect(await ask(undefined, '', 'GET')).toMatchObject({ status: 400 });
  });
});

describe('a process that is pointed at', () => {
  const own = { AWS_ACCESS_KEY_ID: 'AKIAOPERATOR', AWS_SECRET_ACCESS_KEY: 'operator', AWS_SESSION_TOKEN: 'session' };
  beforeEach(() => {
    for (const [name, value] of Object.entries({ ...own, AWS_PROFILE: 'company' })) vi.stubEnv(name, value);
  });
  afterEach(() => vi.unstubAllEnvs());

  test('a stack has its key instead of its own', () => {
    useLocal({ secretsManager: secrets.url, dynamodb: tables.url, aws: awsKey });
    expect(process.env).toMatchObject({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: awsKey.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    });
    expect(process.env).not.toHaveProperty('AWS_SESSION_TOKEN');
    expect(process.env).not.toHaveProperty('AWS_PROFILE');
  });

  test('another AWS endpoint keeps its own', () => {
    useLocal({ secretsManager: secrets.url, dynamodb: tables.url });
    expect(process.env).toMatchObject(own);
  });
});

test('every key is new, of at least 128 random bits', () => {
  const keys = Array.from({ length: 200 }, makeAwsKey);
  expect(new Set(keys.flatMap((key) => Object.values(key))).size).toBe(400);
  for (const key of keys) expect(key.accessKeyId).toMatch(/^AKIA[A-Z2-7]{28}$/);
  // Each of the 28 characters takes many values.
  for (let place = 4; place < 32; place++) {
    expect(new Set(keys.map((key) => key.accessKeyId[place])).size).toBeGreaterThan(20);
  }
});
