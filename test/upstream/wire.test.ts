import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { combine, startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler, type TestRequest } from '../invoke.ts';

import { createContext, upstreamCalls, type UpstreamCall, type CallContext } from './calls.ts';
import { startHostile, type ReceivedRequest, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let context: CallContext;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  hostile.respond = (_received, response) => response.writeHead(429).end();
  context = await createContext(gateway);
});
beforeEach(() => hostile.received());
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

const allowedHeaders = new Set([
  'host',
  'connection',
  'accept',
  'content-type',
  'content-length',
  'user-agent',
  'authorization',
  'x-request-id',
  'traceparent',
]);

const marker = 'unexpected';
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** Headers that browsers, proxies or attackers add. */
const extraHeaders = {
  accept: `application/json, text/${marker}`,
  'accept-encoding': 'gzip, br',
  'accept-language': marker,
  baggage: marker,
  cookie: `session=${marker}`,
  forwarded: `for=${marker}`,
  from: marker,
  'if-none-match': `"${marker}"`,
  origin: `https://${marker}.example`,
  pragma: marker,
  'proxy-connection': marker,
  range: 'bytes=0-1',
  referer: `https://${marker}.example/`,
  'user-agent': marker,
  tracestate: marker,
  via: marker,
  'x-amzn-trace-id': marker,
  'x-api-version': marker,
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': marker,
  'x-http-method-override': 'DELETE',
  'x-original-url': `/${marker}`,
  'x-request-id': marker,
};

/** Adds fields and query parameters with the marker. */
function withExtras(path: string, request: TestRequest): [path: string, request: TestRequest] {
  const { headers = {}, body = '' } = request;
  const type = headers['content-type'] ?? '';
  const extended = type.includes('json')
    ? body.replace(/\}$/, `${body === '{}' ? '' : ','}"${marker}":"${marker}","client_id2":"${marker}"}`)
    : type.includes('form')
      ? `${body}&${marker}=${marker}&client_ids[]=${marker}`
      : body;
  const query = `${marker}=${marker}&access_token=${marker}&client_secret=${marker}`;
  return [`${path}${path.includes('?') ? '&' : '?'}${query}`, { ...request, body: extended }];
}

/** Makes a call and returns the request that upstream received. */
async function receivedFor(
  call: UpstreamCall,
  change: typeof withExtras,
  headers: Record<string, string>,
): Promise<ReceivedRequest> {
  const [method, path, request] = call.request(context);
  const [changedPath, changed] = change(path, request);
  const response = await gateway.withUpstream(hostile.url, () =>
    invokeHandler(method, changedPath, combine({ headers }, changed, { headers: acceptJson(changed) })),
  );
  expect(response.status).toBe(429);
  const received = hostile.received();
  expect(received).toHaveLength(1);
  expect(received[0]?.call).toBe(response.headers['x-request-id']);
  // The length was checked.
  return received[0] as ReceivedRequest;
}

/** Returns the request's own `accept`, which selects the page or JSON. */
const acceptJson = ({ headers = {} }: TestRequest): Record<string, string> =>
  headers['accept'] === undefined ? {} : { accept: headers['accept'] };

const namesOf = ({ headers }: ReceivedRequest) => headers.map(([name]) => name.toLowerCase());

/** Returns the request without the seal, which is different each time. */
const requestOf = ({ method, path, body }: ReceivedRequest) => [method, path.replace(/&state=[\w.-]+/, ''), body];

const valueOf = ({ headers }: ReceivedRequest, name: string) =>
  headers.filter(([sent]) => sent.toLowerCase() === name).map(([, value]) => value);

describe.each(upstreamCalls)('%s', (_name, call) => {
  test('sends the same request upstream, with and without unknown input', async () => {
    const plain = await receivedFor(call, (path, request) => [path, request], {});
    const full = await receivedFor(call, withExtras, extraHeaders);
    expect(requestOf(full)).toEqual(requestOf(plain));
    expect(namesOf(full)).toEqual(namesOf(plain));
    expect(JSON.stringify(full)).not.toContain(marker);
  });

  test('sends only the allowed headers, each once', async () => {
    const received = await receivedFor(call, withExtras, { ...extraHeaders, traceparent: trace });
    const names = namesOf(received);
    expect(names.filter((name) => !allowedHeaders.has(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(valueOf(received, 'user-agent')).toEqual(['budgea-auth-gateway']);
    expect(valueOf(received, 'accept')).toEqual(['application/json']);
    expect(valueOf(received, 'traceparent')).toEqual([trace]);
  });

  test('never sends a partner key', async () => {
    const received = await receivedFor(call, withExtras, extraHeaders);
    expect(JSON.stringify(received)).not.toContain('bgk_');
  });

  test('sends the expected credential, and the caller’s token unchanged', async () => {
    const received = await receivedFor(call, withExtras, extraHeaders);
    const [authorization = ''] = valueOf(received, 'authorization');
    const { client_secret } = await gateway.secret<{ client_secret: string }>('client-credentials');
    const secrets = [
      (await gateway.secret<{ token: string }>('admin-token')).token,
      (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token,
    ];
    const inBody = received.body.includes(client_secret);
    const own = secrets.some((secret) => authorization === `Bearer ${secret}`);
    const callers = authorization === `Bearer ${context.user.token}`;
    expect({ own: own || inBody, callers }).toEqual({
      own: call.attaches === 'own',
      callers: call.attaches === 'callers',
    });
    expect(authorization === '' || own || callers).toBe(true);
    expect(own && inBody).toBe(false);
  });
});

test.each([
  ['another version', trace.replace('00-', '01-')],
  ['an empty trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
  ['an empty parent', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
  ['upper case', trace.toUpperCase()],
  ['two traces', `${trace},${trace}`],
  ['a suffix', `${trace}-more`],
  ['a line break', `${trace}\r\nx-evil: 1`],
])('does not forward an invalid traceparent: %s', async (_what, traceparent) => {
  const call = upstreamCalls.find(([name]) => name === 'GET /users/me by token')?.[1];
  const received = call && (await receivedFor(call, (path, request) => [path, request], { traceparent }));
  expect(received?.headers.map(([name]) => name)).not.toContain('traceparent');
});

describe('the response', () => {
  test('contains the fields of upstream’s object, known and unknown, and none of its headers', async () => {
    const id = Number(context.user.id);
    const body = { id, signin: null, platform: 'web', unknown: { deep: ['é', 1.5, null] }, ['__proto__']: { a: 1 } };
    hostile.respond = (_received, response) =>
      response
        .writeHead(200, {
          'content-type': 'text/html',
          'set-cookie': ['a=1', 'b=2'],
          'x-powered-by': 'budgea',
          'access-control-allow-origin': '*',
          'cache-control': 'public, max-age=3600',
          'x-request-id': 'theirs',
          location: 'https://example.com/',
          'www-authenticate': 'Basic',
          'retry-after': '5',
          etag: '"1"',
        })
        .end(JSON.stringify(body));
    const call = upstreamCalls.find(([name]) => name === 'GET /users/{id_user} by key')?.[1];
    const response = await gateway.withUpstream(hostile.url, () =>
      invokeHandler(...(call?.request(context) ?? ['GET', '/', {}])),
    );
    const { ['__proto__']: _, ...fields } = body;
    expect(response.body).toEqual(fields);
    const { 'x-request-id': requestId, ...headers } = response.headers;
    expect(requestId).not.toBe('theirs');
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
  });
});
