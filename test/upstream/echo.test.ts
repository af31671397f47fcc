import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler } from '../invoke.ts';
import { tracesIn } from '../traces.ts';
import { createContext, restoreContext, upstreamCalls, type CallContext } from './calls.ts';
import { codes, escapes } from './encodings.ts';
import { startHostile, type ReceivedRequest, type Responder, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let context: CallContext;
let secrets: Map<string, string>;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  const { writeSecret } = await import('#local/secrets.ts');
  // With the characters of base64 that encodings escape differently.
  const secret = 'c2Vj+mV0/G9m/2NvbnRyYWN0+w==';
  const token = 'YWRtaW4+dG9rZW4/b2Yv+2NvbnRyYWN0/w==';
  const { client_id } = await gateway.secret<{ client_id: number }>('client-credentials');
  await gateway.control('client', { client_secret: secret });
  await writeSecret('client-credentials', { client_id, client_secret: secret });
  await gateway.control('admin-token', { token });
  await writeSecret('admin-token', { token });
  const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
  secrets = new Map([
    ['client secret', secret],
    ['admin token', token],
    ['manage JWT', jwt_token],
  ]);
  context = await createContext(gateway);
});
beforeEach(async () => {
  await restoreContext(context);
  gateway.logs();
});
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

/** Returns the whole request as text. */
const whole = ({ method, path, headers, body }: ReceivedRequest) =>
  [`${method} ${path}`, ...headers.map((pair) => pair.join(': ')), '', body].join('\r\n');

const base64 = (text: string, before = '') => Buffer.from(before + text).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const asEscapes = (text: string) =>
  text.replace(/[^]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The calls that the gateway signs, and one of each other kind. */
const others = new Set(['GET /users/me by token', 'POST /auth/init by x-api-key', 'GET /webauth']);
const calls = upstreamCalls.filter(([name, { attaches }]) => attaches === 'own' || others.has(name));

/** Ways to encode a received request. */
const encodings: [string, (received: ReceivedRequest) => string][] = [
  ['unchanged', whole],
  ['as JSON', (received) => JSON.stringify(received)],
  ['as JSON in JSON', (received) => JSON.stringify(JSON.stringify(received))],
  ['with a decoded body', ({ body }) => decodeURIComponent(body.replaceAll('+', ' '))],
  ['percent-encoded', (received) => encodeURIComponent(whole(received))],
  ['percent-encoded twice', (received) => encodeURIComponent(encodeURIComponent(whole(received)))],
  ['in lower-case percent-encoding', (received) => encodeURIComponent(whole(received)).toLowerCase()],
  ['with every character percent-encoded', (received) => hex(whole(received)).replace(/../g, '%$&')],
  ['in base64', (received) => base64(whole(received))],
  ['in base64 at offset 1', (received) => base64(whole(received), '-')],
  ['in base64 at offset 2', (received) => base64(whole(received), '--')],
  ['in base64url', (received) => Buffer.from(whole(received)).toString('base64url')],
  ['in base64, percent-encoded', (received) => encodeURIComponent(base64(whole(received)))],
  ['in hexadecimal', (received) => hex(whole(received))],
  ['in upper-case hexadecimal', (received) => hex(whole(received)).toUpperCase()],
];

/** Responses that contain a text. */
const places: [string, (text: string) => { status: number; body: string; headers?: Record<string, string> }][] = [
  [
    'an error’s description',
    (text) => ({ status: 400, body: JSON.stringify({ code: 'invalidValue', description: text }) }),
  ],
  ['an error’s message', (text) => ({ status: 403, body: JSON.stringify({ code: 'forbidden', message: text }) })],
  ['an error’s code', (text) => ({ status: 404, body: JSON.stringify({ code: text, description: 'x' }) })],
  ['an escaped error', (text) => ({ status: 400, body: `{"code":"invalidValue","description":"${asEscapes(text)}"}` })],
  ['a failure', (text) => ({ status: 500, body: JSON.stringify({ code: 'bug', description: text, message: text }) })],
  ['maintenance', (text) => ({ status: 503, body: JSON.stringify({ code: 'maintenance', description: text }) })],
  ['a rejection', (text) => ({ status: 401, body: JSON.stringify({ code: 'invalidClient', description: text }) })],
  ['a page', (text) => ({ status: 502, body: `<pre>${text}</pre>` })],
  [
    'headers',
    (text) => ({ status: 400, body: '{"code":"a"}', headers: { 'retry-after': text, 'x-echo': text, etag: text } }),
  ],
  ['a redirect', (text) => ({ status: 302, body: '', headers: { location: `https://example.com/?e=${text}` } })],
  [
    'a success',
    (text) => {
      const fields = {
        id: 7,
        id_user: 7,
        auth_token: 'a',
        jwt_token: 'a',
        token: 'a',
        code: 'a',
        type: 'qwac',
        users: [],
      };
      return { status: 200, body: JSON.stringify({ ...fields, access_token: 'a', request: text }) };
    },
  ],
];

/** Returns the names of the calls and secrets that leak with this upstream. */
async function leaksOf(respond: Responder): Promise<string[]> {
  hostile.respond = respond;
  const results = await gateway.withUpstream(hostile.url, () =>
    Promise.all(calls.map(async ([name, call]) => ({ name, response: await invokeHandler(...call.request(context)) }))),
  );
  hostile.received();
  return results.flatMap(({ name, response: { text, headers } }) =>
    tracesIn(`${text}\n${JSON.stringify(headers)}`, secrets).map((secret) => `${name}: ${secret}`),
  );
}

test('an upstream that repeats the request with escapes, in JSON that is too deeply nested to be serialized', async () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  const leaks = await leaksOf((received, response) => {
    const description = asEscapes(whole(received).replaceAll(/[\r\n]+/g, '\n'));
    response.writeHead(400).end(`{"code":"invalidValue","deep":${deep},"description":"${description}"}`);
  });
  expect(leaks).toEqual([]);
});

describe.each(places)('an upstream that repeats the request in %s', (_place, place) => {
  test.each(encodings)('%s', async (_encoding, encode) => {
    const leaks = await leaksOf((received, response) => {
      const { status, body, headers } = place(encode(received).replaceAll(/[\r\n]+/g, usesHeaders(place) ? ' ' : '\n'));
      response.writeHead(status, headers).end(body);
    });
    expect(leaks).toEqual([]);
    expect(tracesIn(JSON.stringify(gateway.logs()), personal())).toEqual([]);
  });
});

describe('a signed call whose response repeats the request', () => {
  const signed = calls.filter(([, { attaches }]) => attaches === 'own');

  test.each([...escapes, ...codes])('in %s', async (_encoding, encode) => {
    hostile.respond = (received, response) => {
      const fields = { id: 7, users: [], auth_token: 'a', jwt_token: 'a', access_token: 'a', token: 'a', type: 'qwac' };
      response.end(JSON.stringify({ ...fields, request: encode(whole(received)) }));
    };
    const statuses = await gateway.withUpstream(hostile.url, () =>
      Promise.all(signed.map(async ([name, call]) => [name, (await invokeHandler(...call.request(context))).status])),
    );
    expect(statuses).toEqual(signed.map(([name]) => [name, 502]));
    const details = new Set(gateway.logs().map(({ detail }) => detail));
    expect([...details]).toEqual(['the response repeats a credential of the gateway']);
  });
});

/** Returns whether the text is placed in headers, which cannot contain line breaks. */
const usesHeaders = (place: (text: string) => { headers?: Record<string, string> }) => place('').headers !== undefined;

/** The secrets and the callers' credentials: a response may repeat the latter, a log may not. */
const personal = () =>
  new Map([...secrets, ['key', context.partner.client_secret], ['token', context.user.token], ['code', context.code]]);
