import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '#lib/openapi/document.ts';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { bearer, combine, form, startGateway, type Gateway } from '../gateway.ts';
import type { TestResponse, TestRequest } from '../invoke.ts';

import { inBothFormats, rejectedInBothFormats } from './pages.ts';
import { callWithUpstream } from '../responses.ts';
import { startHostile, type HostileServer } from '../upstream/hostile.ts';

// Percent-encoding lengthens a redirect's address, and API Gateway limits the size of headers.

const redirectUri = `https://app.example/${'%7e'.repeat(676)}`;

let gateway: Gateway;
let hostile: HostileServer;
let client_id: string;
let client_secret: string;
let token: string;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  ({ client_id, client_secret } = await gateway.newPartner({ redirectUris: [redirectUri] }));
  ({ token } = await gateway.newUser({ client_id, client_secret }));
});
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

const document = openApiDocument('https://gateway.example/2.0');

/** Returns the documented maximum lengths of an operation's parameters. */
function lengthsOf(id: OperationId): [string, number][] {
  const { parameters = [] } = document.paths[operations[id].path]?.get ?? {};
  return parameters.map(({ name, schema: { maxLength = 0, anyOf = [] } }) => [
    name,
    Math.max(maxLength, ...anyOf.map((each) => each.maxLength ?? 0)),
  ]);
}

/** Repeats a character up to a number of bytes. */
const filled = (unit: string, bytes: number) => unit.repeat(bytes / Buffer.byteLength(unit));

/** Returns the size of the status line and the headers on the wire. */
function headBytes({ headers }: TestResponse): number {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.byteLength(['HTTP/1.1 302 Found', ...lines, '', ''].join('\r\n'));
}

// One to four bytes each, percent-encoded and not.
const units = fc.constantFrom('/', '+', '"', '\0', 'a', ' ', 'é', '€', '🏦', '\ufffd');

async function callback(fields: Record<string, string>, state: string, request?: TestRequest): Promise<TestResponse> {
  const { seal } = await import('#lib/webauth/state.ts');
  const sealed = await seal({ partner: client_id, redirectUri: redirectUri, state });
  const query = new URLSearchParams({ ...fields, state: sealed }).toString();
  return gateway.call.http('GET', `/webauth/callback?${query}`, request);
}

describe('GET /webauth/callback', () => {
  const lengths = lengthsOf('webauth_callback_get').filter(([name]) => name !== 'state');

  test('redirects with the longest value of every field in less than 8 KB of headers', async () => {
    expect(redirectUri).toHaveLength(2048);
    const all = lengths.map(([name, length]) => [name, units.map((unit) => filled(unit, length))] as const);
    const fields = fc.record(Object.fromEntries(all));
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(fields, units, async (values, unit) => {
        const state = filled(unit, 1024);
        const response = await callback(values, state);
        expect(response.status).toBe(302);
        const sent = new URL(response.headers['location'] ?? '').searchParams;
        expect(Object.fromEntries(sent)).toEqual({ ...values, state });
        longest = Math.max(longest, headBytes(response));
      }),
      {
        numRuns: 100,
        examples: [[Object.fromEntries(lengths.map(([name, length]) => [name, filled('/', length)])), '/']],
      },
    );
    expect(longest).toBeLessThan(8192 - 256);
    expect(longest).toBeGreaterThan(7_000);
  });

  test.each(lengths)('rejects a longer %s', async (name, length) => {
    for (const text of ['a'.repeat(length + 1), filled('é', length + 2)]) {
      const send = (request: TestRequest) =>
        callWithUpstream(gateway, () => callback({ [name]: text }, 'mine', request));
      expect(await inBothFormats(send)).toEqual(rejectedInBothFormats(400, 'invalidValue'));
    }
  });
});

const visit = (fields: Record<string, string> = {}, request: TestRequest = {}) => {
  const query = new URLSearchParams({ client_id, redirect_uri: redirectUri, ...fields }).toString();
  return gateway.withUpstream(hostile.url, () => gateway.call.http('GET', `/webauth?${query}`, request));
};
const redirectTo = (address: string) => {
  hostile.respond = (_received, response) => response.writeHead(302, { location: address }).end();
};
const addressOf = (length: number) => `https://bank.example/${'a'.repeat(length - 21)}`;

describe('GET /webauth', () => {
  const asJson = { headers: { accept: 'application/json' } };

  test('redirects with the longest value of every field in less than 8 KB of headers', async () => {
    const longest: Record<string, string> = {
      state: filled('🏦', 1024),
      id_connector: '9'.repeat(18),
      connector_uuid: 'f'.repeat(36),
      id_connection: '9'.repeat(18),
      id_transfer: '9'.repeat(18),
      fields: ','.repeat(500),
      source: 'x'.repeat(100),
      token: '+'.repeat(256),
    };
    expect(lengthsOf('webauth_get')).toEqual(
      expect.arrayContaining(Object.entries(longest).map(([name, text]) => [name, Buffer.byteLength(text)])),
    );
    // Upstream can redirect with all received parameters.
    hostile.respond = ({ path }, response) =>
      response.writeHead(302, { location: `https://example.biapi.pro${path}` }).end();
    const response = await visit(longest);
    expect(response.status).toBe(302);
    expect(response.headers['location']).toContain(`token=${'%2B'.repeat(256)}`);
    expect(headBytes(response)).toBeLessThan(8192 - 256);
  });

  test('redirects to an upstream address that fits, and returns 502 for a longer one', async () => {
    const statuses = new Map<number, number>();
    for (const length of [7_000, 7_500, 7_526, 7_530, 7_600, 8_192, 12_000, 20_000]) {
      redirectTo(addressOf(length));
      const response = await visit({}, asJson);
      statuses.set(length, response.status);
      expect(response).toMatchObject(
        response.status === 302
          ? { headers: { location: addressOf(length) } }
          : { status: 502, body: { code: 'badGateway' } },
      );
      expect(headBytes(response)).toBeLessThan(8192 - 256);
    }
    expect([...statuses.values()]).toEqual([302, 302, 302, 502, 502, 502, 502, 502]);
  });

  test('returns an error page for an address that is too long, and logs the reason', async () => {
    redirectTo(addressOf(9_000));
    gateway.logs();
    expect(await visit()).toMatchObject({ status: 502, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(gateway.logs()).toMatchObject([
      { operation: 'webauth_get', code: 'badGateway', detail: 'the redirect is longer than API Gateway allows' },
    ]);
  });
});

test.each<[string, () => [method: string, path: string, request: TestRequest]]>([
  ['id', () => ['GET', `/users/${'9'.repeat(18)}?expand=${'a'.repeat(200)}`, {}]],
  ['type', () => ['GET', `/certificate/${'a'.repeat(64)}?expand=${'a'.repeat(200)}`, {}]],
  ['application', () => ['POST', '/users/me/token', form({ application: '€'.repeat(100) })]],
  ['scope', () => ['POST', '/admin/jwt', form({ scope: '/'.repeat(64), duration: '9'.repeat(18) })]],
  ['id_user', () => ['POST', '/auth/jwt', form({ scope: '/'.repeat(64), id_user: '9'.repeat(18), expire: 'false' })]],
])('the longest %s does not lengthen the headers of the response', async (_what, request) => {
  const [method, path, sent] = request();
  const response = await gateway.call.http(method, path, combine(sent, bearer(token)));
  expect(headBytes(response)).toBeLessThan(1_024);
});
