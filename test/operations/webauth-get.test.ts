import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { withoutTable } from '../conditions.ts';
import { authorization, basic, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { combined } from '../presented.ts';
import { startProxy, type Meddle, type Passing } from '../proxy.ts';
import { refused, upstreamFailures, watched, withoutRequestId } from '../refused.ts';
import { codeOf } from '../webauth/browser.ts';
import { asPage, bothShapes, page, refusedInBothShapes, wrongAddresses } from '../webauth/pages.ts';

const home = 'https://app.example/home';
const otherHome = 'https://other.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let other: DemoPartner;
let user: { id: string; token: string };

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner({ redirectUris: [home, 'http://127.0.0.1/home', 'myapp://home'] });
  other = await gateway.newPartner({ redirectUris: [otherHome] });
  user = await gateway.newUser(partner);
});
afterAll(() => gateway.close());

const asJson: TestRequest = { headers: { accept: 'application/json' } };

/** Puts a proxy between gateway and sandbox. */
async function meddling<T>(meddle: Meddle, during: () => Promise<T>): Promise<T> {
  const { origin } = new URL(gateway.file.sandbox ?? '');
  const proxy = await startProxy(() => origin, meddle);
  try {
    return await gateway.withUpstream(`${proxy.url}/2.0`, during);
  } finally {
    await proxy.close();
  }
}

const newCode = () => codeOf(gateway, user.token);
const queryOf = (fields: Record<string, string>) =>
  new URLSearchParams({ client_id: partner.client_id, redirect_uri: home, ...fields }).toString();
const redirected = {
  status: 302,
  text: '',
  headers: {
    location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/bank\/[\w-]{32}$/) as string,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  },
  upstream: ['GET /webauth'],
};

describe.each(ways)('GET /webauth by %s', (way) => {
  const send = (query: string, request?: TestRequest) => gateway.ask[way]('GET', `/webauth?${query}`, request);
  const ask = (fields: Record<string, string> = {}, request?: TestRequest) =>
    watched(gateway, () => send(queryOf(fields), request));
  /** The query of the one request that upstream got. */
  async function sent(fields: Record<string, string>, request?: TestRequest): Promise<URLSearchParams> {
    const requests: Passing[] = [];
    const answer = await meddling(
      async (passing, forward) => {
        requests.push(passing);
        return forward();
      },
      () => send(queryOf(fields), request),
    );
    expect(answer.status).toBe(302);
    expect(requests).toHaveLength(1);
    return new URL(requests[0]?.path ?? '', 'http://upstream').searchParams;
  }

  const refusal = (query: string) => bothShapes((request) => watched(gateway, () => send(query, request)));

  test.each(['https://app.example/home', 'http://127.0.0.1/home', 'myapp://home'])(
    'sends a browser that will go home to %s to the bank',
    async (redirect_uri) => {
      expect(await ask({ redirect_uri, state: 'x' })).toMatchObject(redirected);
    },
  );

  test('looks at no credential', async () => {
    const requests = [
      authorization(`Bearer ${user.token}`),
      authorization(other.client_secret),
      authorization('Bearer not a token'),
      authorization('a, b'),
      basic({ client_id: '1', client_secret: '2' }),
      { headers: { 'x-api-key': other.client_secret, cookie: 'a=b' } },
      combined(json({ client_id: other.client_id }), asJson),
    ];
    for (const request of requests) expect(await ask({}, request)).toMatchObject(redirected);
    await gateway.upstreamRequests();
    for (const request of requests) await send(queryOf({}), request);
    for (const { headers } of await gateway.upstreamRequests()) {
      const own = ['accept', 'connection', 'host', 'user-agent', 'x-request-id'];
      expect(headers.filter((name) => name !== 'content-length').toSorted()).toEqual(own);
    }
  });

  test('shows upstream the contract’s client, the gateway’s callback and a sealed state', async () => {
    const { client_id } = await gateway.secret<{ client_id: number }>('client-credentials');
    const query = await sent({ state: 'my own state', evil: '1', scope: 'x', response_type: 'token' });
    expect(Object.fromEntries(query)).toEqual({
      client_id: String(client_id),
      redirect_uri: `${gateway.file.gateway}/webauth/callback`,
      state: expect.stringMatching(/^[\w-]+\.[\w-]{80,}$/) as string,
    });
  });

  test('seals a state that the caller did not send, too', async () => {
    expect((await sent({})).get('state')).toMatch(/^[\w-]+\.[\w-]{80,}$/);
  });

  test('forwards what belongs to webauth as it is', async () => {
    const token = await codeOf(gateway, user.token);
    const fields = {
      id_connector: '59',
      connector_uuid: '338178e6-3d01-564f-9a7b-52ca442459bf',
      id_transfer: '0',
      fields: 'a,b.c:d;[e] f-g',
      source: 'my-app.1',
      token,
    };
    expect(Object.fromEntries(await sent(fields))).toMatchObject(fields);
  });

  test.each(wrongAddresses)('refuses an unregistered address: %s', async (_what, redirect_uri) => {
    expect(await refusal(queryOf({ redirect_uri }))).toEqual(refusedInBothShapes(400, 'invalidValue'));
  });

  test('refuses addresses of the gateway, of the contract and of another partner', async () => {
    for (const redirect_uri of [otherHome, `${gateway.file.gateway}/webauth/callback`, gateway.file.gateway]) {
      expect(await refusal(queryOf({ redirect_uri }))).toEqual(refusedInBothShapes(400, 'invalidValue'));
    }
    expect(await refusal(queryOf({ client_id: other.client_id }))).toEqual(refusedInBothShapes(400, 'invalidValue'));
  });

  test('tells the log alone which addresses are registered', async () => {
    gateway.logs();
    expect(await refusal(queryOf({ redirect_uri: 'https://app.example/hom' }))).toEqual(
      refusedInBothShapes(400, 'invalidValue'),
    );
    expect(gateway.logs()[0]).toMatchObject({
      operation: 'webauth_get',
      partner: partner.client_id,
      status: 400,
      code: 'invalidValue',
      detail: `the redirect URI is not one of the registered ${JSON.stringify([home, 'http://127.0.0.1/home', 'myapp://home'])}`,
    });
  });

  test('tells nobody an unknown or a disabled partner from a wrong address', async () => {
    const disabled = await gateway.newPartner({ redirectUris: [home] });
    await gateway.changePartner(disabled, { status: 'disabled' });
    const wrong = await send(queryOf({ redirect_uri: otherHome }));
    for (const client_id of [disabled.client_id, '99999999']) {
      expect(await refusal(queryOf({ client_id }))).toEqual(refusedInBothShapes(400, 'invalidValue'));
      expect(withoutRequestId(await send(queryOf({ client_id })))).toEqual(withoutRequestId(wrong));
    }
    expect(gateway.logs().at(-1)).toMatchObject({ detail: 'the partner is unknown or disabled' });
  });

  test.each<[string, Record<string, string>]>([
    ['client_id of the contract’s length', { client_id: '1234567' }],
    ['client_id with a zero before it', { client_id: '01234567' }],
    ['client_id with a space', { client_id: '12345678 ' }],
    ['client_id in full-width digits', { client_id: '１２３４５６７８' }],
    ['client_id that is a key of the table', { client_id: 'PARTNER#1' }],
    ['state of 1025 bytes', { state: 'x'.repeat(1025) }],
    ['state of 1025 bytes in fewer characters', { state: `x${'🏦'.repeat(256)}` }],
    ['id_connector', { id_connector: 'x' }],
    ['id_connector of two', { id_connector: '1,2' }],
    ['connector_uuid', { connector_uuid: '../evil' }],
    ['id_connection', { id_connection: '-1' }],
    ['id_transfer', { id_transfer: '１' }],
    ['fields', { fields: 'a&b=c' }],
    ['fields in markup', { fields: '<script>' }],
    ['source', { source: 'a/b' }],
    ['token', { token: 'a b' }],
    ['token that is a partner key', { token: `bgk_12345678_${'x'.repeat(49)}` }],
    ['token with CRLF', { token: 'a\r\nb' }],
  ])('refuses a wrong %s', async (_what, fields) => {
    expect(await refusal(queryOf(fields))).toEqual(refusedInBothShapes(400, 'invalidValue'));
  });

  test.each<Record<string, string>>([
    { id_connection: '1' },
    { id_transfer: '1' },
    { id_connection: '1', id_transfer: '1' },
  ])('needs a token with %o', async (fields) => {
    expect(await refusal(queryOf(fields))).toEqual(refusedInBothShapes(400, 'missingParameter'));
    const { body } = await send(queryOf(fields), asJson);
    expect(body).toMatchObject({ description: expect.stringMatching(/^token is missing: /) as string });
  });

  test('takes a code that is bound to the partner, and refuses one that is bound to another', async () => {
    const { bindCode } = await import('#lib/webauth/code-binding.ts');
    const [own, foreign, unbound] = [await newCode(), await newCode(), await newCode()];
    await Promise.all([bindCode(own, partner.client_id), bindCode(foreign, other.client_id)]);
    expect(await ask({ token: own })).toMatchObject(redirected);
    expect(await ask({ token: unbound })).toMatchObject(redirected);
    expect(await refusal(queryOf({ token: foreign }))).toEqual(refusedInBothShapes(400, 'invalidCode'));
  });

  test('refuses a code whose binding cannot be read', async () => {
    const token = await newCode();
    expect(await ask({ token })).toMatchObject(redirected);
    await withoutTable(async () => {
      expect(await refusal(queryOf({ token }))).toEqual(refusedInBothShapes(503, 'unavailable'));
    });
  });

  test('misses what it needs', async () => {
    for (const query of [`redirect_uri=${encodeURIComponent(home)}`, `client_id=${partner.client_id}`, '']) {
      expect(await refusal(query)).toEqual(refusedInBothShapes(400, 'missingParameter'));
    }
    expect(await refusal(queryOf({ redirect_uri: '' }))).toEqual(refusedInBothShapes(400, 'invalidValue'));
  });

  test.each(['client_id', 'redirect_uri', 'state', 'token', 'evil'])('refuses a %s that comes twice', async (name) => {
    const escaped = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
    for (const again of [name, escaped]) {
      const query = `${queryOf({ [name]: 'x' })}&${again}=x`;
      expect(await refusal(query)).toEqual(refusedInBothShapes(400, 'invalidValue'));
    }
  });

  test('refuses a query that is not UTF-8', async () => {
    expect(await refusal(`${queryOf({})}&state=%ff`)).toEqual(refusedInBothShapes(400, 'invalidValue'));
  });

  test('shows upstream’s refusal on the page, without its markup', async () => {
    expect(await ask({ token: 'bm9ib2R5J3MgY29kZQ==' }, asJson)).toMatchObject({
      ...refused(400, 'invalidCode'),
      upstream: ['GET /webauth'],
    });
    expect(asPage(await ask({ token: 'bm9ib2R5J3MgY29kZQ==' }))).toEqual(page(400));
    const description = `<script>alert("1")</script>&'`;
    const answer = await meddling(
      async () => ({ status: 400, headers: {}, body: JSON.stringify({ code: 'invalidValue', description }) }),
      () => send(queryOf({})),
    );
    expect(asPage(answer)).toEqual(page(400));
    expect(answer.text).toContain('<p>&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;</p>');
  });

  test.each<[string, number, Record<string, string>]>([
    ['a script', 307, { location: 'javascript:alert(1)' }],
    ['data', 307, { location: 'data:text/html,x' }],
    ['an application', 302, { location: 'myapp://home' }],
    ['ftp', 302, { location: 'ftp://bank.example/' }],
    ['nowhere', 302, { location: 'http://' }],
    ['nothing', 302, {}],
    ['a page instead', 200, { 'content-type': 'text/html' }],
  ])('sends nobody on when upstream redirects to %s', async (_what, status, headers) => {
    const answer = await meddling(
      async () => ({ status, headers, body: '' }),
      () => send(queryOf({})),
    );
    expect(asPage(answer)).toEqual(page(502));
  });

  test('sends on to https, and to an address that is relative to upstream’s', async () => {
    const locations = ['https://bank.example/a?b=c#d', '/bank/1'];
    const answers = await meddling(
      async () => ({ status: 302, headers: { location: locations.shift() ?? '' }, body: '' }),
      async () => [await send(queryOf({})), await send(queryOf({}))],
    );
    expect(answers.map(({ headers }) => headers['location'])).toEqual([
      'https://bank.example/a?b=c#d',
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/bank\/1$/),
    ]);
  });

  test.each(upstreamFailures)('asks once and shows a page when upstream is %s', async (answer, status, code, wait) => {
    await gateway.control('failures', { answer, path: '/webauth', times: 2, retry_after: 7 });
    const shown = await ask();
    expect(asPage(shown)).toEqual(page(status));
    expect(shown).toMatchObject({ upstream: ['GET /webauth'] });
    expect(shown.headers['retry-after']).toBe(wait);
    expect(await ask({}, asJson)).toMatchObject({ ...refused(status, code), upstream: ['GET /webauth'] });
  });

  test('goes nowhere without the table', async () => {
    await withoutTable(async () => {
      const answer = await ask({ client_id: '55555555' });
      expect(asPage(answer)).toEqual(page(503));
      expect(answer).toMatchObject({ headers: { 'retry-after': '5' }, upstream: [] });
    });
  });
});
