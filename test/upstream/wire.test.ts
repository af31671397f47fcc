import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler, type TestRequest } from '../invoke.ts';
import { combined } from '../presented.ts';
import { makeWorld, upstreamCalls, type UpstreamCall, type World } from './calls.ts';
import { startHostile, type Arrived, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let world: World;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  hostile.behave = (_arrived, response) => response.writeHead(429).end();
  world = await makeWorld(gateway);
});
beforeEach(() => hostile.arrived());
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

const allowed = new Set([
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

const marked = 'unasked-for';
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** What a browser, a proxy or somebody curious adds. */
const more = {
  accept: `application/json, text/${marked}`,
  'accept-encoding': 'gzip, br',
  'accept-language': marked,
  baggage: marked,
  cookie: `session=${marked}`,
  forwarded: `for=${marked}`,
  from: marked,
  'if-none-match': `"${marked}"`,
  origin: `https://${marked}.example`,
  pragma: marked,
  'proxy-connection': marked,
  range: 'bytes=0-1',
  referer: `https://${marked}.example/`,
  'user-agent': marked,
  tracestate: marked,
  via: marked,
  'x-amzn-trace-id': marked,
  'x-api-version': marked,
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': marked,
  'x-http-method-override': 'DELETE',
  'x-original-url': `/${marked}`,
  'x-request-id': marked,
};

/** The request with a marked field and a marked query beside what it has. */
function withMore(path: string, request: TestRequest): [path: string, request: TestRequest] {
  const { headers = {}, body = '' } = request;
  const type = headers['content-type'] ?? '';
  const fuller = type.includes('json')
    ? body.replace(/\}$/, `${body === '{}' ? '' : ','}"${marked}":"${marked}","client_id2":"${marked}"}`)
    : type.includes('form')
      ? `${body}&${marked}=${marked}&client_ids[]=${marked}`
      : body;
  const query = `${marked}=${marked}&access_token=${marked}&client_secret=${marked}`;
  return [`${path}${path.includes('?') ? '&' : '?'}${query}`, { ...request, body: fuller }];
}

async function arrivedOf(
  call: UpstreamCall,
  change: typeof withMore,
  headers: Record<string, string>,
): Promise<Arrived> {
  const [method, path, request] = call.request(world);
  const [changedPath, changed] = change(path, request);
  const answer = await gateway.withUpstream(hostile.url, () =>
    invokeHandler(method, changedPath, combined({ headers }, changed, { headers: acceptJson(changed) })),
  );
  expect(answer.status).toBe(429);
  const arrived = hostile.arrived();
  expect(arrived).toHaveLength(1);
  expect(arrived[0]?.call).toBe(answer.headers['x-request-id']);
  // There is one.
  return arrived[0] as Arrived;
}

/** What the request itself says in `accept` counts: it decides between a page and JSON. */
const acceptJson = ({ headers = {} }: TestRequest): Record<string, string> =>
  headers['accept'] === undefined ? {} : { accept: headers['accept'] };

const namesOf = ({ headers }: Arrived) => headers.map(([name]) => name.toLowerCase());

/** Without the seal, which never is the same twice. */
const requestOf = ({ method, path, body }: Arrived) => [method, path.replace(/&state=[\w.-]+/, ''), body];

const valueOf = ({ headers }: Arrived, name: string) =>
  headers.filter(([sent]) => sent.toLowerCase() === name).map(([, value]) => value);

describe.each(upstreamCalls)('%s', (_name, call) => {
  test('is the same request upstream, whatever else the caller sends', async () => {
    const plain = await arrivedOf(call, (path, request) => [path, request], {});
    const full = await arrivedOf(call, withMore, more);
    expect(requestOf(full)).toEqual(requestOf(plain));
    expect(namesOf(full)).toEqual(namesOf(plain));
    expect(JSON.stringify(full)).not.toContain(marked);
  });

  test('carries the allowed headers alone, each once', async () => {
    const arrived = await arrivedOf(call, withMore, { ...more, traceparent: trace });
    const names = namesOf(arrived);
    expect(names.filter((name) => !allowed.has(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(valueOf(arrived, 'user-agent')).toEqual(['budgea-auth-gateway']);
    expect(valueOf(arrived, 'accept')).toEqual(['application/json']);
    expect(valueOf(arrived, 'traceparent')).toEqual([trace]);
  });

  test('never carries a partner key', async () => {
    const arrived = await arrivedOf(call, withMore, more);
    expect(JSON.stringify(arrived)).not.toContain('bgk_');
  });

  test('carries the credential that it has to, and the caller’s own token as it came', async () => {
    const arrived = await arrivedOf(call, withMore, more);
    const [authorization = ''] = valueOf(arrived, 'authorization');
    const { client_secret } = await gateway.secret<{ client_secret: string }>('client-credentials');
    const secrets = [
      (await gateway.secret<{ token: string }>('admin-token')).token,
      (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token,
    ];
    const inBody = arrived.body.includes(client_secret);
    const own = secrets.some((secret) => authorization === `Bearer ${secret}`);
    const callers = authorization === `Bearer ${world.user.token}`;
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
  ['two of them', `${trace},${trace}`],
  ['more than one', `${trace}-more`],
  ['a line end', `${trace}\r\nx-evil: 1`],
])('a traceparent that is none is not passed on: %s', async (_what, traceparent) => {
  const call = upstreamCalls.find(([name]) => name === 'GET /users/me by token')?.[1];
  const arrived = call && (await arrivedOf(call, (path, request) => [path, request], { traceparent }));
  expect(arrived?.headers.map(([name]) => name)).not.toContain('traceparent');
});

describe('what comes back from upstream', () => {
  test('are the fields of the object, known and unknown, and no header', async () => {
    const id = Number(world.user.id);
    const body = { id, signin: null, platform: 'web', unknown: { deep: ['é', 1.5, null] }, ['__proto__']: { a: 1 } };
    hostile.behave = (_arrived, response) =>
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
    const answer = await gateway.withUpstream(hostile.url, () =>
      invokeHandler(...(call?.request(world) ?? ['GET', '/', {}])),
    );
    const { ['__proto__']: _, ...fields } = body;
    expect(answer.body).toEqual(fields);
    const { 'x-request-id': requestId, ...headers } = answer.headers;
    expect(requestId).not.toBe('theirs');
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
  });
});
