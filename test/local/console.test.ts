import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiGateway } from '#local/api-gateway/server.ts';
import { openConsole } from '#local/console/console.ts';
import type { CallEvent, PartnerView } from '#local/console/wire.ts';
import { createFeed } from '#local/console/feed.ts';
import { follow, storedEvents, type ReceivedEvent } from '../events.ts';
import { authorization, form, json, multipart, startGateway, type Gateway } from '../gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
// A listener does not keep the stack from stopping.
afterAll(async () => {
  const { ended } = await follow(gateway.file.gateway);
  await Promise.all([gateway.close(), ended]);
});

const events = (headers?: Record<string, string>) => storedEvents(gateway.file.gateway, headers);

/** Without `fetch`, which sets some headers itself. */
async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const asked = request(new URL(path, gateway.file.gateway), { method, headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  asked.on('error', reject).end();
  return promise;
}

/** The event of a call that was just answered. */
async function eventOf({ headers }: { headers: Record<string, string> }): Promise<CallEvent> {
  const found = (await events()).filter(
    ({ event, data }) => event === 'call' && data['request_id'] === headers['x-request-id'],
  );
  expect(found).toHaveLength(1);
  return found[0]?.data as unknown as CallEvent;
}

describe('the event of a call', () => {
  test('has the log line of its function, and the names of what went in, upstream and out', async () => {
    const { partner } = gateway.file;
    const answer = await gateway.call.http('POST', '/auth/init', form({ ...partner }));
    const call = await eventOf(answer);
    const line = gateway.logs().find((logged) => logged['request_id'] === call.request_id);
    const { _aws: _, ...fields } = line ?? {};
    expect(call).toMatchObject(fields);
    expect(call).toMatchObject({
      operation: 'auth_init_post',
      kind: 'client',
      partner: partner.client_id,
      status: 200,
      request: {
        method: 'POST',
        path: '/2.0/auth/init',
        query: [],
        fields: ['client_id', 'client_secret', 'redirect_uri'],
        headers: ['content-type'],
      },
      answer: { fields: ['auth_token', 'type', 'id_user'], bytes: Buffer.byteLength(answer.text) },
    });
    expect(call.upstream).toMatchObject([
      {
        method: 'POST',
        path: '/2.0/auth/init',
        fields: ['client_id', 'client_secret'],
        status: 200,
        signed: 'client-credentials',
      },
    ]);
    expect(call).not.toHaveProperty('_aws');
  });

  test('tells each attempt upstream, and what signed it', async () => {
    const { id, token } = await gateway.newUser(gateway.file.partner);
    await gateway.control('failures', { answer: 'lost', path: `/users/${id}` });
    const read = await gateway.call.http('GET', `/users/${id}`, authorization(gateway.file.partner.client_secret));
    const attempts = (await eventOf(read)).upstream ?? [];
    expect(attempts.map(({ path, status, signed }) => [path, status, signed])).toEqual([
      [`/2.0/users/${id}`, 0, 'manage-token'],
      [`/2.0/users/${id}`, 200, 'manage-token'],
    ]);
    const own = await gateway.call.http('GET', '/users/me', authorization(`Bearer ${token}`));
    expect((await eventOf(own)).upstream).toMatchObject([{ path: '/2.0/users/me', signed: 'caller' }]);
    const minted = await gateway.call.http('POST', '/admin/jwt', authorization(gateway.file.manager.client_secret));
    expect((await eventOf(minted)).upstream).toMatchObject([{ signed: 'admin-token' }]);
    const stranger = await gateway.call.http('DELETE', '/hash');
    expect(await eventOf(stranger)).toMatchObject({ kind: 'anonymous', outcome: 'refused', status: 401, upstream: [] });
  });

  test('has no value, wherever a caller puts it', async () => {
    const secret = 'Zecr3t';
    const spoilt = [
      gateway.call.http('POST', '/auth/init', json({ client_id: secret, [secret]: { [secret]: secret } })),
      gateway.call.http('POST', '/auth/jwt', multipart({ [secret]: secret, code: secret })),
      gateway.call.http('POST', '/auth/token/access', form({ [secret]: secret, code: secret })),
      gateway.call.http('GET', `/users/${secret}?${secret}=${secret}`, authorization(secret)),
      gateway.call.http('GET', `/certificate/${secret}`, { headers: { 'x-api-key': secret, [secret]: secret } }),
      gateway.call.http('GET', `/webauth?state=${secret}&${secret}=${secret}`),
    ];
    const calls = await Promise.all(spoilt.map(async (answer) => eventOf(await answer)));
    expect(JSON.stringify(calls)).not.toMatch(new RegExp(secret, 'i'));
    expect(calls.map(({ request: { path, query, fields } }) => [path, query, fields])).toEqual([
      ['/2.0/auth/init', [], ['client_id', '*']],
      ['/2.0/auth/jwt', [], ['*', 'code']],
      ['/2.0/auth/token/access', [], ['*', 'code']],
      ['/2.0/users/*', ['*'], []],
      ['/2.0/certificate/*', [], []],
      ['/2.0/webauth', ['state', '*'], []],
    ]);
  });
});

test('a run of a scheduled function is an event too', async () => {
  const { runJob } = await import('#local/jobs.ts');
  await runJob('watch');
  expect((await events()).at(-1)).toMatchObject({ event: 'job', data: { job: 'watch', outcome: 'success' } });
});

const call = () => gateway.call.http('DELETE', '/hash');
const isCall = ({ event }: ReceivedEvent) => event === 'call';

describe('a listener', () => {
  test('hears what happens after what has happened, and goes on where it was', async () => {
    const first = await follow(gateway.file.gateway);
    const kept = await first.until(({ event }) => event === 'ready');
    const answers = [await call(), await call()];
    const heard = [...(await first.until(isCall)), ...(await first.until(isCall))].filter(isCall);
    expect(heard.map(({ data }) => data['request_id'])).toEqual(answers.map(({ headers }) => headers['x-request-id']));
    first.stop();

    const missed = await call();
    const last = heard.at(-1)?.id ?? '';
    const resumed = await events({ 'last-event-id': last });
    expect(resumed.map(({ data }) => data['request_id'])).toEqual([missed.headers['x-request-id']]);
    // An id of another run of the stack says nothing of this one.
    const all = await events({ 'last-event-id': 'other-7' });
    expect(all).toHaveLength(kept.length - 1 + 3);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test('hears of changes in secrets and in the table', async () => {
    const following = await follow(gateway.file.gateway);
    const heardOf = async (what: string) =>
      (await following.until(({ event, data }) => event === 'changed' && data['what'] === what)).at(-1);
    const { writeSecret } = await import('#local/secrets.ts');
    await writeSecret('admin-token', await gateway.secret('admin-token'));
    expect(await heardOf('secrets')).toEqual({ event: 'changed', data: { what: 'secrets' } });
    await gateway.newPartner();
    expect(await heardOf('table')).not.toHaveProperty('id');
    following.stop();
  });
});

test('the last two hundred events are kept', () => {
  const feed = createFeed();
  for (let count = 0; count < 500; count++) feed.add('job', { request_id: String(count) } as never);
  const kept = feed.since(undefined);
  expect(kept.map(({ data }) => JSON.parse(data).request_id)).toEqual(
    Array.from({ length: 200 }, (_, at) => String(at + 300)),
  );
  expect(feed.since(kept[198]?.id)).toEqual([kept[199]]);
  expect(feed.since(kept[199]?.id)).toEqual([]);
});

/** Asks the console as its page does, or otherwise. */
async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const { origin } = new URL(gateway.file.gateway);
  const own = method === 'POST' ? { origin, 'content-type': 'application/json' } : {};
  const answer = await fetch(origin + path, {
    method,
    headers: { ...own, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, string> };
}
const tell = (path: string, body: unknown = {}, headers = {}) => ask('POST', `/_console/${path}`, body, headers);

test('the page is small, and runs nothing but its own script', async () => {
  const { origin } = new URL(gateway.file.gateway);
  const sizes = await Promise.all(
    ['/', '/_console/main.js', '/_console/console.css', '/_console/icon.svg'].map(async (path) => {
      const answer = await fetch(origin + path);
      expect(answer.status).toBe(200);
      return [
        path,
        Number(answer.headers.get('content-length')),
        answer.headers.get('content-security-policy'),
      ] as const;
    }),
  );
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(30_000);
  expect(sizes[0]?.[2]).toMatch(
    /default-src 'none'; script-src 'self'; style-src 'self';.* connect-src 'self';.* frame-ancestors 'none'/,
  );
  expect(sizes[0]?.[2]).not.toContain('unsafe');
});

describe('partners', () => {
  test('get their keys in the answer, and nowhere else', async () => {
    const made = await tell('partners', {
      name: 'Made here',
      redirect_uris: ['https://app.example/back'],
      grants: ['jwt:permanent'],
    });
    expect(made).toMatchObject({
      status: 200,
      body: { name: 'Made here', client_secret: expect.stringMatching(/^bgk_/) },
    });
    const { client_id = '', client_secret = '', key_id = '' } = made.body;
    const another = await tell(`partners/${client_id}/keys`);
    for (const key of [client_secret, another.body['client_secret'] ?? '']) {
      expect(await gateway.call.http('POST', '/auth/init', form({ client_id, client_secret: key }))).toMatchObject({
        status: 200,
      });
    }
    expect(await tell(`partners/${client_id}/keys`)).toMatchObject({ status: 409 });
    expect(await tell(`partners/${client_id}/keys/${key_id}/retire`)).toMatchObject({ status: 200 });
    expect(await tell(`partners/${client_id}/keys/${another.body['key_id']}/retire`)).toMatchObject({ status: 409 });

    const partners = (await ask('GET', '/_console/partners')).body as unknown as PartnerView[];
    expect(partners.find((partner) => partner.client_id === client_id)).toMatchObject({
      name: 'Made here',
      grants: ['jwt:permanent'],
      redirect_uris: ['https://app.example/back'],
      keys: [{ id: another.body['key_id'], lastUsed: expect.stringMatching(/^\d{4}-/) }],
      userCount: 2,
    });
    const seen = JSON.stringify([partners, await events()]);
    expect(seen).not.toMatch(/bgk_|"hash"|[0-9a-f]{64}/);
  });

  test.each([
    [{ name: '' }, /name/],
    [{ name: 'two\nlines' }, /name/],
    [{ name: 'Insecure', redirect_uris: ['http://app.example'] }, /https/],
    [{ name: 'Greedy', grants: ['everything'] }, /grant/],
    [{}, /./],
  ])('cannot be %j', async (body, message) => {
    expect(await tell('partners', body)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message) },
    });
  });

  test('that are unknown have no keys', async () => {
    expect(await tell('partners/99999999/keys')).toMatchObject({ status: 404 });
    expect(await tell('partners/none/keys')).toMatchObject({ status: 404 });
  });
});

describe('secrets and certificates', () => {
  test('are shown without a value', async () => {
    const [secrets, certificates] = [await ask('GET', '/_console/secrets'), await ask('GET', '/_console/certificates')];
    const { client_secret } = await gateway.secret<{ client_secret: string }>('client-credentials');
    const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
    const seen = JSON.stringify([secrets.body, certificates.body]);
    expect(seen).toMatch(/AWSCURRENT.*qwac/);
    for (const secret of [client_secret, jwt_token]) expect(seen).not.toContain(secret);
  });

  test('do not rotate where nothing rotates them, and say so', async () => {
    expect(await tell('secrets/admin-token/rotate')).toMatchObject({ status: 409, body: { message: /./ } });
    expect(await tell('secrets/none/rotate')).toMatchObject({ status: 404 });
  });

  test('are fetched on request', async () => {
    expect(await tell('certificates/fetch')).toMatchObject({ status: 200 });
    expect((await events()).at(-1)).toMatchObject({ data: { job: 'fetch_certificates', outcome: 'success' } });
  });
});

test('the sandbox is controlled as with curl, and nothing else is', async () => {
  expect(await tell('sandbox/latency', { milliseconds: 1 })).toMatchObject({ status: 200 });
  expect(await tell('sandbox/failures', { answer: 'bug', times: 'always', path: '/hash' })).toMatchObject({
    status: 200,
  });
  expect((await ask('GET', '/_console/sandbox')).body).toMatchObject({
    latency: 1,
    ahead: 0,
    failures: [{ answer: 'bug', times: 'always', path: '/hash' }],
  });
  await tell('sandbox/calm');
  await tell('sandbox/latency', { milliseconds: 0 });
  expect((await ask('GET', '/_console/sandbox')).body).toMatchObject({ latency: 0, failures: [] });
  expect(await tell('sandbox/latency', { milliseconds: -1 })).toMatchObject({
    status: 400,
    body: { message: /milliseconds/ },
  });
  for (const what of ['client', 'admin-token', '../2.0/users/all', '%2e%2e/2.0/hash']) {
    expect(await tell(`sandbox/${what}`)).toMatchObject({ status: 404 });
  }
});

test('another Budgea than the sandbox is asked for nothing', async () => {
  const shown = openConsole({ sandbox: false, aws: true });
  const { sandbox: upstream = '', ...file } = gateway.file;
  shown.ready({ ...file, upstream });
  const server = await startApiGateway({ port: 0, routes: [], extraRoutes: shown.extraRoutes });
  const { url: origin } = server;
  for (const path of ['sandbox/clock', 'sandbox/calm']) {
    const headers = { origin, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/_console/${path}`, { method: 'POST', headers, body: '{"advance":60}' });
    expect(answer.status).toBe(404);
  }
  await server.close();
  shown.close();
  expect((await ask('GET', '/_console/sandbox')).body).toMatchObject({ ahead: 0 });
});

describe('requests from other origins are rejected', () => {
  test.each<[string, Record<string, string>, number]>([
    ['of another origin', { origin: 'https://example.com' }, 403],
    ['of another port', { origin: 'http://127.0.0.1:8080' }, 403],
    ['in a frame without an origin', { origin: 'null' }, 403],
    ['as a form', { 'content-type': 'text/plain' }, 415],
  ])('a page %s changes nothing', async (_what, headers, status) => {
    const before = (await ask('GET', '/_console/partners')).body as unknown as PartnerView[];
    expect(await tell('partners', { name: 'Forged' }, headers)).toMatchObject({ status });
    expect((await ask('GET', '/_console/partners')).body).toHaveLength(before.length);
    expect(await tell('sandbox/clock', { advance: 60 }, headers)).toMatchObject({ status });
  });

  test('no page reads by a name of its own, nor does a program change what the command line is for', async () => {
    const { port } = new URL(gateway.file.gateway);
    for (const path of ['/', '/_console/main.js', '/_console/partners', '/_console/stack']) {
      expect(await statusOf('GET', path, { host: `rebound.example:${port}` })).toBe(403);
    }
    expect(await statusOf('POST', '/_console/partners', { 'content-type': 'application/json' })).toBe(403);
    // A link on another site may lead to the page, which has nothing in it yet.
    expect(await statusOf('GET', '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await statusOf('GET', '/_console/stack', { 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  test('over the wire', async () => {
    const { gateway: url } = gateway.file;
    await expect(follow(url, { host: `gateway.example:${new URL(url).port}` })).rejects.toThrow('403');
    await expect(follow(url, { origin: 'https://gateway.example' })).rejects.toThrow('403');
  });
});
