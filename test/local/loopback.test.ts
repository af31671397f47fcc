import { once } from 'node:events';
import { connect } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tableFullName } from '#lib/config/names.ts';
import { hashKey, keyId, makeKey } from '#lib/partner-key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { startGateway, type Gateway } from '../gateway.ts';

// Every server of the local stack accepts requests of programs on this machine and of its own pages, and no others.

let gateway: Gateway;
let authorization: string;

beforeAll(async () => {
  gateway = await startGateway();
  authorization = `AWS4-HMAC-SHA256 Credential=${gateway.file.aws?.accessKeyId}/20260101/eu-west-3/any/aws4_request, SignedHeaders=host, Signature=0`;
});
afterAll(() => gateway.close());

/** One request that a server answers with 2xx or 3xx when it accepts it. */
interface Call {
  at: () => string;
  method: string;
  path: string;
  headers?: () => Record<string, string>;
  body?: string;
  /** What identifies a refusal in the server's protocol. */
  refusal: RegExp;
}

const sandbox = () => gateway.file.sandbox ?? '';
const gatewayRefusal = /^{"message":"This server [^"]+"}$/;
const sandboxRefusal =
  /^{"code":"forbidden","description":"This server [^"]+","message":null,"request_id":"[\da-f]{16}"}$/;

const calls: Record<string, Call> = {
  'the API Gateway': { at: () => gateway.file.gateway, method: 'GET', path: '/openapi.json', refusal: gatewayRefusal },
  'the API page': { at: () => gateway.file.gateway, method: 'GET', path: '/docs', refusal: gatewayRefusal },
  'the console': { at: () => gateway.file.gateway, method: 'GET', path: '/', refusal: gatewayRefusal },
  'the console’s data': {
    at: () => gateway.file.gateway,
    method: 'GET',
    path: '/_console/partners',
    refusal: gatewayRefusal,
  },
  'the sandbox': { at: sandbox, method: 'POST', path: '/2.0/auth/init', refusal: sandboxRefusal },
  'the sandbox’s controls': {
    at: sandbox,
    method: 'POST',
    path: '/_sandbox/latency',
    headers: () => ({ 'content-type': 'application/json' }),
    body: '{"milliseconds":0}',
    refusal: sandboxRefusal,
  },
  'the sandbox’s bank': { at: sandbox, method: 'GET', path: '/bank/home', refusal: sandboxRefusal },
  'Secrets Manager': {
    at: () => gateway.file.secretsManager,
    method: 'POST',
    path: '/',
    headers: () => ({ authorization, 'x-amz-target': 'secretsmanager.ListSecrets' }),
    body: '{}',
    refusal: /^{"__type":"AccessDeniedException","Message":"This server [^"]+"}$/,
  },
  DynamoDB: {
    at: () => gateway.file.dynamodb,
    method: 'POST',
    path: '/',
    headers: () => ({
      authorization,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': '20260101T000000Z',
    }),
    body: '{}',
    refusal: /^{"__type":"com.amazon.coral.service#AccessDeniedException","message":"This server [^"]+"}$/,
  },
  'the demo application': {
    at: () => gateway.file.demoApp,
    method: 'GET',
    path: '/',
    refusal: /^This server answers programs on this machine/,
  },
};

/** Header lines of a request to `port`, and what becomes of it. */
type Case = [what: string, outcome: 'accepted' | 'refused' | 'malformed', lines: (port: string) => string[]];

const host = (name: string) => (port: string) => [`Host: ${name.replace('PORT', port)}`];
const with_ =
  (...lines: string[]) =>
  (port: string) =>
    ['Host: localhost:PORT', ...lines].map((line) => line.replace('PORT', port));

const cases: Case[] = [
  ['127.0.0.1', 'accepted', host('127.0.0.1:PORT')],
  ['localhost', 'accepted', host('localhost:PORT')],
  ['LOCALHOST', 'accepted', host('LocalHost:PORT')],
  ['[::1]', 'accepted', host('[::1]:PORT')],
  ['its own page', 'accepted', with_('Origin: http://localhost:PORT', 'Sec-Fetch-Site: same-origin')],
  [
    'its own page by another name',
    'accepted',
    (port) => [`Host: [::1]:${port}`, `Origin: http://[::1]:${port}`, 'Sec-Fetch-Site: same-origin'],
  ],
  ['an address that a person typed', 'accepted', with_('Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate')],
  ['another host', 'refused', host('rebound.example')],
  ['another host with its port', 'refused', host('rebound.example:PORT')],
  ['a host that begins like it', 'refused', host('localhost.rebound.example:PORT')],
  ['a host that begins like its address', 'refused', host('127.0.0.1.rebound.example:PORT')],
  ['a host below its name', 'refused', host('rebound.localhost:PORT')],
  ['a user in front of a host', 'refused', host('localhost:PORT@rebound.example')],
  ['another address', 'refused', host('127.0.0.2:PORT')],
  ['the address of all interfaces', 'refused', host('0.0.0.0:PORT')],
  ['another port', 'refused', host('localhost:1')],
  ['no port', 'refused', host('localhost')],
  ['an empty host', 'refused', host('')],
  ['no host', 'malformed', () => []],
  ['the host twice', 'refused', (port) => [`Host: localhost:${port}`, `Host: localhost:${port}`]],
  ['another host after its own', 'refused', (port) => [`Host: localhost:${port}`, 'Host: rebound.example']],
  ['its own host after another', 'refused', (port) => ['Host: rebound.example', `Host: localhost:${port}`]],
  ['another origin', 'refused', with_('Origin: https://rebound.example')],
  ['the origin null', 'refused', with_('Origin: null')],
  ['an empty origin', 'refused', with_('Origin: ')],
  ['the origin of another port', 'refused', with_('Origin: http://localhost:1')],
  ['its own origin by https', 'refused', with_('Origin: https://localhost:PORT')],
  ['its own origin by another name', 'refused', with_('Origin: http://127.0.0.1:PORT')],
  ['two origins', 'refused', with_('Origin: http://localhost:PORT', 'Origin: https://rebound.example')],
  ['a form on another page', 'refused', with_('Origin: https://rebound.example', 'Sec-Fetch-Mode: navigate')],
  ['an image on another page', 'refused', with_('Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors')],
  ['a frame’s script at another port', 'refused', with_('Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors')],
];

const statuses = { accepted: [200, 204], refused: [403], malformed: [400] };

interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** Sends these lines as they are, on a connection of its own. */
async function send(
  { at, path, method, headers = () => ({}), body = '' }: Call,
  lines: (port: string) => readonly string[],
  version = 'HTTP/1.1',
): Promise<Answer> {
  const { port } = new URL(at());
  const all = [
    `${method} ${path} ${version}`,
    ...lines(port),
    ...Object.entries(headers()).map((header) => header.join(': ')),
    'Connection: close',
    `Content-Length: ${body.length}`,
  ];
  const socket = connect(Number(port), '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.write(`${all.join('\r\n')}\r\n\r\n${body}`);
  await once(socket, 'close');
  const text = Buffer.concat(received).toString();
  const end = text.indexOf('\r\n\r\n');
  return { status: Number(text.slice(9, 12)), headers: text.slice(0, end), body: text.slice(end + 4) };
}

describe.each(Object.entries(calls))('%s', (_server, call) => {
  test.each(cases)('by %s: %s', async (_what, outcome, lines) => {
    const { status, headers, body } = await send(call, lines);
    expect(status).toBeOneOf(statuses[outcome]);
    expect(body).toMatch(outcome === 'refused' ? call.refusal : '');
    expect(headers).not.toMatch(/access-control-/i);
  });

  test('says how to call it', async () => {
    const { body } = await send(call, host('rebound.example'));
    const { port } = new URL(call.at());
    for (const name of ['127.0.0.1', 'localhost']) expect(body).toContain(`http://${name}:${port}`);
  });

  test('by a link on another page: accepted, not by its form', async () => {
    const { status } = await send(call, with_('Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'));
    expect(status).toBe(call.method === 'GET' ? 200 : 403);
  });

  test('a client of HTTP/1.0 names it too', async () => {
    expect(await send(call, () => [], 'HTTP/1.0')).toMatchObject({ status: 403 });
    expect((await send(call, host('127.0.0.1:PORT'), 'HTTP/1.0')).status).toBeLessThan(300);
  });

  test('no preflight of another page goes well', async () => {
    const preflight = with_(
      'Origin: https://rebound.example',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: authorization,x-amz-target',
    );
    const { status, headers } = await send({ ...call, method: 'OPTIONS' }, preflight);
    expect([status, headers]).toEqual([403, expect.not.stringMatching(/access-control-/i)]);
  });
});

test('of any host and origin, only loopback’s own are accepted', async () => {
  const call = calls['the demo application'];
  if (call === undefined) throw new Error('there is no such call');
  const { port } = new URL(call.at());
  const own = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  const part = fc.constantFrom('127.0.0.1', 'localhost', '[::1]', 'a', '.', ':', '@', port, '80', '/', '#', '%00', ',');
  const hosts = fc.oneof(
    fc.constantFrom(...own),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('')),
  );
  const origins = fc.option(
    fc.oneof(
      hosts.map((name) => `http://${name}`),
      fc.constantFrom('null', 'http://', 'https://a'),
    ),
  );
  await fc.assert(
    fc.asyncProperty(hosts, origins, async (name, origin) => {
      const lines = [`Host: ${name}`, ...(origin === null ? [] : [`Origin: ${origin}`])];
      const accepted = own.includes(name) && (origin === null || origin === `http://${name}`);
      expect((await send(call, () => lines)).status).toBe(accepted ? 200 : 403);
    }),
    { seed: 19, numRuns: 200 },
  );
});

const rebound = (port: string) => [`Host: rebound.example:${port}`, `Origin: http://rebound.example:${port}`];
const program = host('127.0.0.1:PORT');

describe('a page that makes its own host name resolve to loopback', () => {
  const key = makeKey('66666666');
  const hash = hashKey(key);
  const record: PartnerRecord = {
    client_id: '66666666',
    name: 'Another page',
    status: 'active',
    keys: [{ id: keyId(hash), hash, created: '2026-01-01' }],
    redirect_uris: [],
    grants: ['admin:jwt:users:1440'],
    created: '2026-01-01',
    revision: 1,
  };
  const Item = { ...marshall(record), pk: { S: 'PARTNER#66666666' }, listed: { S: 'partner' } };

  /** Writes the page's own partner into the table. */
  const writePartner = (credential: string): Call => ({
    at: () => gateway.file.dynamodb,
    method: 'POST',
    path: '/',
    headers: () => ({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.PutItem',
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}/20260101/eu-west-3/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    }),
    body: JSON.stringify({ TableName: tableFullName('local'), Item }),
    refusal: /./,
  });
  /** Mints a manage JWT with the partner's key. */
  const mint: Call = {
    at: () => gateway.file.gateway,
    method: 'POST',
    path: '/2.0/admin/jwt',
    headers: () => ({ authorization: key, 'content-type': 'application/x-www-form-urlencoded' }),
    body: 'scope=users&duration=60',
    refusal: /./,
  };

  async function partnerInTable(): Promise<unknown> {
    const { dynamodb } = await import('#lib/aws/sdk-dynamodb.ts');
    const command = new GetItemCommand({ TableName: tableFullName('local'), Key: { pk: Item.pk } });
    return (await dynamodb.send(command)).Item;
  }

  test('writes no partner and mints no JWT, which a program with the access key can', async () => {
    const { accessKeyId = '' } = gateway.file.aws ?? {};
    for (const credential of ['local', 'any', accessKeyId])
      expect(await send(writePartner(credential), rebound)).toMatchObject({ status: 403 });
    for (const credential of ['local', 'any', accessKeyId.toLowerCase()])
      expect(await send(writePartner(credential), program)).toMatchObject({
        status: 400,
        body: expect.stringContaining('UnrecognizedClientException'),
      });
    expect(await partnerInTable()).toBeUndefined();
    expect(await send(mint, rebound)).toMatchObject({ status: 403, body: expect.stringMatching(gatewayRefusal) });
    expect(await send(mint, program)).toMatchObject({ status: 401 });

    expect(await send(writePartner(accessKeyId), program)).toMatchObject({ status: 200 });
    expect(await send(mint, rebound)).toMatchObject({ status: 403, body: expect.stringMatching(gatewayRefusal) });
    expect(await send(mint, program)).toMatchObject({ status: 200, body: expect.stringContaining('jwt_token') });
  });
});
