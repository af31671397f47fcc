import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeKey } from '#lib/partners/key.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';

let gateway: Gateway;
let partner: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner();
});
beforeEach(() => gateway.logs());
afterAll(() => gateway.close());

/** Sends these bytes on a connection of their own, and gives what comes back until it ends. */
async function exchange(...pieces: string[]): Promise<string> {
  const { hostname, port } = new URL(gateway.file.gateway);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const head = (...lines: string[]) =>
  `${[...lines, `Host: ${new URL(gateway.file.gateway).host}`, 'Connection: close'].join('\r\n')}\r\n\r\n`;
const statusOf = (answer: string) => Number(answer.slice(9, 12));

describe('the request id', () => {
  test('is the same in the header, in the envelope and in the log, and new for each call', async () => {
    const ids: string[] = [];
    for (const key of [makeKey('99999999'), 'bgk_', partner.client_secret]) {
      const answer = await gateway.ask.http('GET', '/users/999999', authorization(key));
      const id = answer.headers['x-request-id'] ?? '';
      expect(answer.body).toMatchObject({ request_id: id });
      expect(gateway.logs()).toMatchObject([{ request_id: id, status: answer.status }]);
      ids.push(id);
    }
    expect(new Set(ids).size).toBe(3);
  });

  test('is never the caller’s', async () => {
    const headers = { 'x-request-id': 'mine', 'x-amzn-requestid': 'mine', 'apigw-requestid': 'mine' };
    const answer = await gateway.ask.http('POST', '/auth/init', { headers });
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain('mine');
  });

  test('comes with a success, too, whose log line has the same', async () => {
    const answer = await gateway.ask.http('POST', '/auth/init', json({ ...partner }));
    const { id_user } = answer.body as { id_user: number };
    expect(gateway.logs()).toMatchObject([
      {
        request_id: answer.headers['x-request-id'],
        operation: 'auth_init_post',
        kind: 'client',
        partner: partner.client_id,
        id_user: String(id_user),
        upstream_status: 200,
      },
    ]);
  });
});

const key = () => partner.client_secret;

describe('header lines that come twice', () => {
  test.each<[string, () => string[]]>([
    ['two keys', () => [`Authorization: ${key()}`, `Authorization: ${makeKey('99999999')}`]],
    ['the same key', () => [`Authorization: ${key()}`, `authorization: ${key()}`]],
    ['a token and a key', () => ['Authorization: Bearer dG9rZW4=', `AUTHORIZATION: Bearer ${key()}`]],
    ['two keys in x-api-key', () => [`X-Api-Key: ${key()}`, `x-api-key: ${key()}`]],
  ])('%s: refused, and nothing is asked', async (_what, lines) => {
    await gateway.upstreamCalls();
    const answer = await exchange(head('GET /2.0/users/1 HTTP/1.1', ...lines()));
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain('"code":"invalidValue"');
    expect(await gateway.upstreamCalls()).toEqual([]);
  });

  test('two media types: refused', async () => {
    const type = 'Content-Type: application/json';
    const answer = await exchange(head('POST /2.0/auth/init HTTP/1.1', type, type, 'Content-Length: 2'), '{}');
    expect(statusOf(answer)).toBe(415);
  });
});

const chunk = (piece: string) => `${piece.length.toString(16)}\r\n${piece}\r\n`;

describe('bodies on the wire', () => {
  const type = 'Content-Type: application/json';

  test('in chunks are read as a whole', async () => {
    const text = JSON.stringify(partner);
    const [one, two] = [text.slice(0, 10), text.slice(10)];
    const lines = head('POST /2.0/auth/init HTTP/1.1', type, 'Transfer-Encoding: chunked');
    expect(statusOf(await exchange(lines, chunk(one), chunk(two), '0\r\n\r\n'))).toBe(200);
  });

  test('that announce more than they are allowed to be are refused, whoever sends them', async () => {
    const { status, body } = await gateway.ask.http('POST', '/auth/init', json({ padding: 'x'.repeat(20_000) }));
    expect({ status, body }).toMatchObject({ status: 413, body: { code: 'payloadTooLarge' } });
  });

  test('of a GET or DELETE are read by nobody', async () => {
    const body = 'client_id=1&client_secret=x&id_user=all';
    for (const method of ['GET', 'DELETE']) {
      const lines = [
        `${method} /2.0/users/999999 HTTP/1.1`,
        `Authorization: ${partner.client_secret}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
      ];
      expect(statusOf(await exchange(head(...lines), body))).toBe(404);
    }
  });
});

test.each([
  ['GET', '/auth/init'],
  ['POST', '/webauth'],
  ['PUT', '/users/1'],
  ['HEAD', '/users/1'],
  ['OPTIONS', '/auth/init'],
  ['GET', '/users'],
  ['GET', '/users/1/token'],
  ['GET', '/users/1/'],
  ['GET', ''],
  ['POST', '/auth/init/'],
  ['POST', '/AUTH/INIT'],
  ['POST', '/auth//init'],
])('there is no %s %s', async (method, path) => {
  expect(await gateway.ask.http(method, path, authorization(partner.client_secret))).toMatchObject({ status: 404 });
  expect(gateway.logs()).toEqual([]);
});
