import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '#lib/openapi/document.ts';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { authorization, form, startGateway, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import { combined } from '../presented.ts';
import { bothShapes, refusedInBothShapes } from './pages.ts';
import { watched } from '../refused.ts';
import { startHostile, type HostileServer } from '../upstream/hostile.ts';

// Percent-encoding lengthens an address, and an address is a header, which API Gateway limits.

const home = `https://app.example/${'%7e'.repeat(676)}`;

let gateway: Gateway;
let hostile: HostileServer;
let client_id: string;
let client_secret: string;
let token: string;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  ({ client_id, client_secret } = await gateway.newPartner({ redirectUris: [home] }));
  ({ token } = await gateway.newUser({ client_id, client_secret }));
});
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

const document = openApiDocument('https://gateway.example/2.0');

/** The greatest lengths of an operation's parameters, as they are documented. */
function lengthsOf(id: OperationId): [string, number][] {
  const { parameters = [] } = document.paths[operations[id].path]?.get ?? {};
  return parameters.map(({ name, schema: { maxLength = 0, anyOf = [] } }) => [
    name,
    Math.max(maxLength, ...anyOf.map((each) => each.maxLength ?? 0)),
  ]);
}

/** As many of a character as fit into so many bytes. */
const filled = (unit: string, bytes: number) => unit.repeat(bytes / Buffer.byteLength(unit));

/** The size of the status line and the headers on the wire. */
function headBytes({ headers }: Answer): number {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.byteLength(['HTTP/1.1 302 Found', ...lines, '', ''].join('\r\n'));
}

// One to four bytes each, percent-encoded and not.
const units = fc.constantFrom('/', '+', '"', '\0', 'a', ' ', 'é', '€', '🏦', '\ufffd');

async function callback(fields: Record<string, string>, state: string, request?: TestRequest): Promise<Answer> {
  const { seal } = await import('#lib/webauth/state.ts');
  const sealed = await seal({ partner: client_id, redirectUri: home, state });
  const query = new URLSearchParams({ ...fields, state: sealed }).toString();
  return gateway.ask.http('GET', `/webauth/callback?${query}`, request);
}

describe('GET /webauth/callback', () => {
  const lengths = lengthsOf('webauth_callback_get').filter(([name]) => name !== 'state');

  test('redirects with the longest value of every field in less than 8 KB of headers', async () => {
    expect(home).toHaveLength(2048);
    const all = lengths.map(([name, length]) => [name, units.map((unit) => filled(unit, length))] as const);
    const fields = fc.record(Object.fromEntries(all));
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(fields, units, async (answered, unit) => {
        const state = filled(unit, 1024);
        const answer = await callback(answered, state);
        expect(answer.status).toBe(302);
        const sent = new URL(answer.headers['location'] ?? '').searchParams;
        expect(Object.fromEntries(sent)).toEqual({ ...answered, state });
        longest = Math.max(longest, headBytes(answer));
      }),
      {
        numRuns: 100,
        examples: [[Object.fromEntries(lengths.map(([name, length]) => [name, filled('/', length)])), '/']],
      },
    );
    expect(longest).toBeLessThan(8192 - 256);
    expect(longest).toBeGreaterThan(7_000);
  });

  test.each(lengths)('refuses a longer %s', async (name, length) => {
    for (const text of ['a'.repeat(length + 1), filled('é', length + 2)]) {
      const ask = (request: TestRequest) => watched(gateway, () => callback({ [name]: text }, 'mine', request));
      expect(await bothShapes(ask)).toEqual(refusedInBothShapes(400, 'invalidValue'));
    }
  });
});

const visit = (fields: Record<string, string> = {}, request: TestRequest = {}) => {
  const query = new URLSearchParams({ client_id, redirect_uri: home, ...fields }).toString();
  return gateway.withUpstream(hostile.url, () => gateway.ask.http('GET', `/webauth?${query}`, request));
};
const leadTo = (address: string) => {
  hostile.behave = (_arrived, response) => response.writeHead(302, { location: address }).end();
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
    // Upstream may redirect with everything that it received.
    hostile.behave = ({ path }, response) =>
      response.writeHead(302, { location: `https://example.biapi.pro${path}` }).end();
    const answer = await visit(longest);
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toContain(`token=${'%2B'.repeat(256)}`);
    expect(headBytes(answer)).toBeLessThan(8192 - 256);
  });

  test('passes on an address from upstream that fits, and answers 502 for a longer one', async () => {
    const statuses = new Map<number, number>();
    for (const length of [7_000, 7_500, 7_526, 7_530, 7_600, 8_192, 12_000, 20_000]) {
      leadTo(addressOf(length));
      const answer = await visit({}, asJson);
      statuses.set(length, answer.status);
      expect(answer).toMatchObject(
        answer.status === 302
          ? { headers: { location: addressOf(length) } }
          : { status: 502, body: { code: 'badGateway' } },
      );
      expect(headBytes(answer)).toBeLessThan(8192 - 256);
    }
    expect([...statuses.values()]).toEqual([302, 302, 302, 502, 502, 502, 502, 502]);
  });

  test('shows a page for an address that is too long, and logs the reason', async () => {
    leadTo(addressOf(9_000));
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
])('the longest %s does not lengthen the headers of the answer', async (_what, request) => {
  const [method, path, sent] = request();
  const answer = await gateway.ask.http(method, path, combined(sent, authorization(`Bearer ${token}`)));
  expect(headBytes(answer)).toBeLessThan(1_024);
});
