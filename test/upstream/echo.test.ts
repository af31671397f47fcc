import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler } from '../invoke.ts';
import { tracesIn } from '../traces.ts';
import { makeWorld, renewWorld, upstreamCalls, type World } from './calls.ts';
import { codes, escapes } from './encodings.ts';
import { startHostile, type Arrived, type Behaviour, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let world: World;
let secrets: Map<string, string>;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  const { writeSecret } = await import('#local/secrets.ts');
  // With everything that base64 has: each encoding writes these characters differently.
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
  world = await makeWorld(gateway);
});
beforeEach(async () => {
  await renewWorld(world);
  gateway.logs();
});
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

/** The request as text, body and all. */
const whole = ({ method, path, headers, body }: Arrived) =>
  [`${method} ${path}`, ...headers.map((pair) => pair.join(': ')), '', body].join('\r\n');

const base64 = (text: string, before = '') => Buffer.from(before + text).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const asEscapes = (text: string) =>
  text.replace(/[^]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Every call that the gateway signs, and one of each other kind. */
const others = new Set(['GET /users/me by token', 'POST /auth/init by x-api-key', 'GET /webauth']);
const calls = upstreamCalls.filter(([name, { attaches }]) => attaches === 'own' || others.has(name));

/** How a server can write down what it was sent. */
const encodings: [string, (arrived: Arrived) => string][] = [
  ['as it was', whole],
  ['as JSON', (arrived) => JSON.stringify(arrived)],
  ['as JSON in JSON', (arrived) => JSON.stringify(JSON.stringify(arrived))],
  ['its body parsed', ({ body }) => decodeURIComponent(body.replaceAll('+', ' '))],
  ['percent-encoded', (arrived) => encodeURIComponent(whole(arrived))],
  ['percent-encoded twice', (arrived) => encodeURIComponent(encodeURIComponent(whole(arrived)))],
  ['in lower-case percent-encoding', (arrived) => encodeURIComponent(whole(arrived)).toLowerCase()],
  ['every character percent-encoded', (arrived) => hex(whole(arrived)).replace(/../g, '%$&')],
  ['in base64', (arrived) => base64(whole(arrived))],
  ['in base64, one byte on', (arrived) => base64(whole(arrived), '-')],
  ['in base64, two bytes on', (arrived) => base64(whole(arrived), '--')],
  ['in base64url', (arrived) => Buffer.from(whole(arrived)).toString('base64url')],
  ['in base64, percent-encoded', (arrived) => encodeURIComponent(base64(whole(arrived)))],
  ['in hexadecimal', (arrived) => hex(whole(arrived))],
  ['in upper-case hexadecimal', (arrived) => hex(whole(arrived)).toUpperCase()],
];

/** Where an answer can hold it: the status, the body, the headers. */
const places: [string, (text: string) => { status: number; body: string; headers?: Record<string, string> }][] = [
  [
    'an error’s description',
    (text) => ({ status: 400, body: JSON.stringify({ code: 'invalidValue', description: text }) }),
  ],
  ['an error’s message', (text) => ({ status: 403, body: JSON.stringify({ code: 'forbidden', message: text }) })],
  ['an error’s code', (text) => ({ status: 404, body: JSON.stringify({ code: text, description: 'x' }) })],
  [
    'an error in escapes',
    (text) => ({ status: 400, body: `{"code":"invalidValue","description":"${asEscapes(text)}"}` }),
  ],
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

/** What leaks when upstream behaves like that, as the name of the call and of the secret. */
async function leaksOf(behave: Behaviour): Promise<string[]> {
  hostile.behave = behave;
  const asked = await gateway.withUpstream(hostile.url, () =>
    Promise.all(calls.map(async ([name, call]) => ({ name, answer: await invokeHandler(...call.request(world)) }))),
  );
  hostile.arrived();
  return asked.flatMap(({ name, answer: { text, headers } }) =>
    tracesIn(`${text}\n${JSON.stringify(headers)}`, secrets).map((secret) => `${name}: ${secret}`),
  );
}

test('an upstream that repeats what it was sent in escapes, beside what is too deep to be written again', async () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  const leaks = await leaksOf((arrived, response) => {
    const description = asEscapes(whole(arrived).replaceAll(/[\r\n]+/g, '\n'));
    response.writeHead(400).end(`{"code":"invalidValue","deep":${deep},"description":"${description}"}`);
  });
  expect(leaks).toEqual([]);
});

describe.each(places)('an upstream that repeats what it was sent in %s', (_place, answer) => {
  test.each(encodings)('%s', async (_encoding, encode) => {
    const leaks = await leaksOf((arrived, response) => {
      const { status, body, headers } = answer(
        encode(arrived).replaceAll(/[\r\n]+/g, headersOnly(answer) ? ' ' : '\n'),
      );
      response.writeHead(status, headers).end(body);
    });
    expect(leaks).toEqual([]);
    expect(tracesIn(JSON.stringify(gateway.logs()), personal())).toEqual([]);
  });
});

describe('a call that the gateway signed, answered by its own request', () => {
  const signed = calls.filter(([, { attaches }]) => attaches === 'own');

  test.each([...escapes, ...codes])('in %s', async (_encoding, encode) => {
    hostile.behave = (arrived, response) => {
      const fields = { id: 7, users: [], auth_token: 'a', jwt_token: 'a', access_token: 'a', token: 'a', type: 'qwac' };
      response.end(JSON.stringify({ ...fields, request: encode(whole(arrived)) }));
    };
    const statuses = await gateway.withUpstream(hostile.url, () =>
      Promise.all(signed.map(async ([name, call]) => [name, (await invokeHandler(...call.request(world))).status])),
    );
    expect(statuses).toEqual(signed.map(([name]) => [name, 502]));
    const details = new Set(gateway.logs().map(({ detail }) => detail));
    expect([...details]).toEqual(['the answer repeats a credential of the gateway']);
  });
});

/** Whether the text goes into headers, which have no line ends. */
const headersOnly = (answer: (text: string) => { headers?: Record<string, string> }) =>
  answer('').headers !== undefined;

/** What belongs to the callers: an answer may repeat it to them, a log may not. */
const personal = () =>
  new Map([...secrets, ['key', world.partner.client_secret], ['token', world.user.token], ['code', world.code]]);
