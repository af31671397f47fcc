import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallEvent } from '../../local/console/events.ts';
import { createFeed } from '../../local/console/feed.ts';
import { isFromHere } from '../../local/loopback.ts';
import { follow, keptEvents, type ReceivedEvent } from '../events.ts';
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

const events = (headers?: Record<string, string>) => keptEvents(gateway.file.gateway, headers);

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
    const answer = await gateway.ask.http('POST', '/auth/init', form({ ...partner }));
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
    const read = await gateway.ask.http('GET', `/users/${id}`, authorization(gateway.file.partner.client_secret));
    const attempts = (await eventOf(read)).upstream ?? [];
    expect(attempts.map(({ path, status, signed }) => [path, status, signed])).toEqual([
      [`/2.0/users/${id}`, 0, 'manage-token'],
      [`/2.0/users/${id}`, 200, 'manage-token'],
    ]);
    const own = await gateway.ask.http('GET', '/users/me', authorization(`Bearer ${token}`));
    expect((await eventOf(own)).upstream).toMatchObject([{ path: '/2.0/users/me', signed: 'caller' }]);
    const minted = await gateway.ask.http('POST', '/admin/jwt', authorization(gateway.file.manager.client_secret));
    expect((await eventOf(minted)).upstream).toMatchObject([{ signed: 'admin-token' }]);
    const stranger = await gateway.ask.http('DELETE', '/hash');
    expect(await eventOf(stranger)).toMatchObject({ kind: 'anonymous', outcome: 'refused', status: 401, upstream: [] });
  });

  test('has no value, wherever a caller puts it', async () => {
    const secret = 'Zecr3t';
    const spoilt = [
      gateway.ask.http('POST', '/auth/init', json({ client_id: secret, [secret]: { [secret]: secret } })),
      gateway.ask.http('POST', '/auth/jwt', multipart({ [secret]: secret, code: secret })),
      gateway.ask.http('POST', '/auth/token/access', form({ [secret]: secret, code: secret })),
      gateway.ask.http('GET', `/users/${secret}?${secret}=${secret}`, authorization(secret)),
      gateway.ask.http('GET', `/certificate/${secret}`, { headers: { 'x-api-key': secret, [secret]: secret } }),
      gateway.ask.http('GET', `/webauth?state=${secret}&${secret}=${secret}`),
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
  const { runJob } = await import('../../local/jobs.ts');
  await runJob('watch');
  expect((await events()).at(-1)).toMatchObject({ event: 'job', data: { job: 'watch', outcome: 'success' } });
});

const call = () => gateway.ask.http('DELETE', '/hash');
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
    const { writeSecret } = await import('../../local/secrets.ts');
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

describe('whoever asks from elsewhere is refused', () => {
  test('over the wire', async () => {
    const { gateway: url } = gateway.file;
    await expect(follow(url, { host: `gateway.example:${new URL(url).port}` })).rejects.toThrow('403');
    await expect(follow(url, { origin: 'https://gateway.example' })).rejects.toThrow('403');
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['its address', { host: '127.0.0.1:3000' }, true],
    ['its name', { host: 'LocalHost:3000', origin: 'http://localhost:3000' }, true],
    ['its other address', { host: '[::1]:3000', origin: 'http://[::1]:3000', 'sec-fetch-site': 'same-origin' }, true],
    ['an address typed into a browser', { host: 'localhost:3000', 'sec-fetch-site': 'none' }, true],
    ['no host', {}, false],
    ['another name', { host: 'rebound.example:3000' }, false],
    ['a name that begins like it', { host: 'localhost.rebound.example:3000' }, false],
    ['another address', { host: '127.0.0.2:3000' }, false],
    ['another port', { host: 'localhost:3001' }, false],
    ['no port', { host: 'localhost' }, false],
    ['a user in front', { host: 'localhost:3000@rebound.example' }, false],
    ['a page elsewhere', { host: 'localhost:3000', origin: 'https://example.com' }, false],
    ['a page at another port', { host: 'localhost:3000', origin: 'http://localhost:8080' }, false],
    ['a page by another name', { host: 'localhost:3000', origin: 'http://127.0.0.1:3000' }, false],
    ['a page without an origin', { host: 'localhost:3000', origin: 'null' }, false],
    ['an image in a page elsewhere', { host: 'localhost:3000', 'sec-fetch-site': 'cross-site' }, false],
    ['a frame at another port', { host: 'localhost:3000', 'sec-fetch-site': 'same-site' }, false],
  ])('%s', (_what, headers, isIt) => {
    expect(isFromHere(headers, 3000)).toBe(isIt);
  });
});
