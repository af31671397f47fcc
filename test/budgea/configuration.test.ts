import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AuthenticationApi, Configuration, type ConfigurationOptions } from '#lib/budgea/authentication-api.ts';
import { json, serversForThisFile } from './scripted-server.ts';

const startServer = serversForThisFile();

test('the defaults are the specification’s base URL and no key', () => {
  const { basePath, authorization, timeouts } = new Configuration();
  expect({ basePath, authorization }).toEqual({ basePath: 'https://demo.biapi.pro/2.0', authorization: undefined });
  expect(timeouts).toEqual({ connect: 3_000, headers: 10_000, total: 25_000 });
  expect(new AuthenticationApi()).toBeInstanceOf(AuthenticationApi);
});

test('timeouts that are not set have their defaults', () => {
  const { timeouts } = new Configuration({ timeouts: { headers: 5_000, total: undefined } });
  expect(timeouts).toEqual({ connect: 3_000, headers: 5_000, total: 25_000 });
});

describe('over the wire', () => {
  test.each([
    ['no key', {}, undefined],
    ['a key without a prefix', { apiKey: 'k+/=' }, 'k+/='],
    ['a key with a prefix', { apiKey: 'k+/=', apiKeyPrefix: 'Bearer' }, 'Bearer k+/='],
    ['a prefix without a key', { apiKeyPrefix: 'Bearer' }, undefined],
    ['an empty prefix', { apiKey: 'k', apiKeyPrefix: '' }, 'k'],
  ])('%s determines the Authorization header', async (_, options, authorization) => {
    const server = await startServer([json({ id: 1 })]);
    await new AuthenticationApi(new Configuration({ basePath: server.url, ...options })).usersIdUserGet('me');
    expect(server.received[0]?.headers['authorization']).toBe(authorization);
  });

  test.each(['/2.0', '/2.0/', '/a/b//', '', '/'])('the base path %j precedes the operation’s path', async (path) => {
    const server = await startServer([json({ id: 1 })]);
    const { origin } = new URL(server.url);
    await new AuthenticationApi(new Configuration({ basePath: origin + path })).usersIdUserGet('me');
    expect(server.received[0]?.line).toBe(`GET ${path.replace(/\/+$/, '')}/users/me`);
  });

  test('only the required headers are sent', async () => {
    const server = await startServer([json({ id: 1 })]);
    await new AuthenticationApi(new Configuration({ basePath: server.url })).usersIdUserGet('me');
    const { headers = {} } = server.received[0] ?? {};
    expect(Object.keys(headers).toSorted()).toEqual(['accept', 'connection', 'host', 'user-agent']);
  });
});

const url = 'basePath must be an http or https URL without credentials, query or fragment';
const header = 'apiKey contains a character that is invalid in a header';
const invalid: [ConfigurationOptions, string][] = [
  'budgea.test/2.0',
  'ftp://budgea.test/2.0',
  'https://someone:s3cret@budgea.test/2.0',
  'https://someone@budgea.test/2.0',
  'https://budgea.test/2.0?token=s3cret',
  'https://budgea.test/2.0#s3cret',
  's3cret',
].map((basePath) => [{ basePath }, url]);
for (const apiKey of ['s3cret\n', 's3\r\ncret', 's3\0cret', 's3cret\u2028', 's3cret€']) {
  invalid.push([{ apiKey, apiKeyPrefix: 'Bearer' }, header]);
}
for (const time of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
  for (const name of ['connect', 'headers', 'total']) {
    invalid.push([{ timeouts: { [name]: time } }, `timeouts.${name} must be a positive integer`]);
  }
}

test.each(invalid)('%o is rejected, without the value in the error', (options, message) => {
  let error: unknown;
  try {
    error = new Configuration(options);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toEqual(new TypeError(message));
  expect(inspect(error, { showHidden: true })).not.toContain('s3cret');
});

test('a logged configuration or client does not contain the key', () => {
  const configuration = new Configuration({ apiKey: 's3cret', apiKeyPrefix: 'Bearer' });
  for (const logged of [configuration, new AuthenticationApi(configuration), Object.assign({}, configuration)]) {
    expect(inspect(logged, { depth: null, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(logged)).not.toContain('s3cret');
  }
  expect(configuration.authorization).toBe('Bearer s3cret');
});
