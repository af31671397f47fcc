import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeKey } from '#lib/partner-key.ts';
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

/** Sends bytes on a new connection and returns the bytes until it is closed. */
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
const statusOf = (response: string) => Number(response.slice(9, 12));

describe('the request id', () => {
  test('is the same in the header, the envelope and the log, and new for each call', async () => {
    const ids: string[] = [];
    for (const key of [makeKey('99999999'), 'bgk_', partner.client_secret]) {
      const response = await gateway.call.http('GET', '/users/999999', authorization(key));
      const id = response.headers['x-request-id'] ?? '';
      expect(response.body).toMatchObject({ request_id: id });
      expect(gateway.logs()).toMatchObject([{ request_id: id, status: response.status }]);
      ids.push(id);
    }
    expect(new Set(ids).size).toBe(3);
  });

  test('is never taken from the request', async () => {
    const headers = { 'x-request-id': 'mine', 'x-amzn-requestid': 'mine', 'apigw-requestid': 'mine' };
    const response = await gateway.call.http('POST', '/auth/init', { headers });
    expect(response.text + JSON.stringify(response.headers)).not.toContain('mine');
  });

  test('is also sent with a success and in its log line', async () => {
    const response = await gateway.call.http('POST', '/auth/init', json({ ...partner }));
    const { id_user } = response.body as { id_user: number };
    expect(gateway.logs()).toMatchObject([
      {
        request_id: response.headers['x-request-id'],
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

describe('repeated header lines', () => {
  test.each<[string, () => string[]]>([
    ['two keys', () => [`Authorization: ${key()}`, `Authorization: ${makeKey('99999999')}`]],
    ['the same key', () => [`Authorization: ${key()}`, `authorization: ${key()}`]],
    ['a token and a key', () => ['Authorization: Bearer dG9rZW4=', `AUTHORIZATION: Bearer ${key()}`]],
    ['two keys in x-api-key', () => [`X-Api-Key: ${key()}`, `x-api-key: ${key()}`]],
  ])('%s: rejected without a call to upstream', async (_what, lines) => {
    await gateway.upstreamCalls();
    const response = await exchange(head('GET /2.0/users/1 HTTP/1.1', ...lines()));
    expect(statusOf(response)).toBe(400);
    expect(response).toContain('"code":"invalidValue"');
    expect(await gateway.upstreamCalls()).toEqual([]);
  });

  test('two media types: rejected', async () => {
    const type = 'Content-Type: application/json';
    const response = await exchange(head('POST /2.0/auth/init HTTP/1.1', type, type, 'Content-Length: 2'), '{}');
    expect(statusOf(response)).toBe(415);
  });
});

const chunk = (piece: string) => `${piece.length.toString(16)}\r\n${piece}\r\n`;

describe('bodies', () => {
  const type = 'Content-Type: application/json';

  test('can be chunked', async () => {
    const text = JSON.stringify(partner);
    const [one, two] = [text.slice(0, 10), text.slice(10)];
    const lines = head('POST /2.0/auth/init HTTP/1.1', type, 'Transfer-Encoding: chunked');
    expect(statusOf(await exchange(lines, chunk(one), chunk(two), '0\r\n\r\n'))).toBe(200);
  });

  test('over the maximum size are rejected', async () => {
    const { status, body } = await gateway.call.http('POST', '/auth/init', json({ padding: 'x'.repeat(20_000) }));
    expect({ status, body }).toMatchObject({ status: 413, body: { code: 'payloadTooLarge' } });
  });

  test('of GET and DELETE are ignored', async () => {
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
])('%s %s is not a route', async (method, path) => {
  expect(await gateway.call.http(method, path, authorization(partner.client_secret))).toMatchObject({ status: 404 });
  expect(gateway.logs()).toEqual([]);
});
