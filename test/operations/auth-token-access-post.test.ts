import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { authorization, basic, form, json, multipart, startGateway, ways, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import { apiKey, badKeys, clientForms, contradictingIds, contradictions } from '../key-forms.ts';
import { combined, malformedTokens, nobody } from '../presented.ts';
import { startProxy, type Passing, type RunningProxy } from '../proxy.ts';
import { refused, refusedAtOnce, upstreamFailures, watched, withoutRequestId } from '../refused.ts';

const home = 'https://app.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let other: DemoPartner;
let disabled: DemoPartner;
/** The partner's. */
let user: { id: string; token: string };
/** The other partner's. */
let foreign: { id: string; token: string };
/** Stands before the sandbox and sees what it is sent and what it answers. */
let wire: RunningProxy;
let exchanges: { sent: Passing; access_token: string }[] = [];

beforeAll(async () => {
  gateway = await startGateway();
  [partner, other, disabled] = await Promise.all([
    gateway.newPartner({ redirectUris: [home, 'myapp://home'] }),
    gateway.newPartner({ redirectUris: ['https://other.example/home'] }),
    gateway.newPartner(),
  ]);
  await gateway.changePartner(disabled, { status: 'disabled' });
  user = await gateway.newUser(partner);
  foreign = await gateway.newUser(other);
  const { origin } = new URL(gateway.file.sandbox ?? '');
  wire = await startProxy(
    () => origin,
    async (sent, forward) => {
      const answer = await forward();
      if (sent.path.endsWith('/access') && answer.status === 200)
        exchanges.push({ sent, ...(JSON.parse(answer.body) as { access_token: string }) });
      return answer;
    },
  );
});
beforeEach(() => {
  exchanges = [];
});
afterAll(async () => {
  await wire.close();
  await gateway.close();
});

const exchanged = {
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: { access_token: expect.any(String) as string, token_type: 'Bearer' },
};

/** A refusal with OAuth's names beside the envelope's. */
const refusedInOAuth = (status: number, code: string, error: string) => {
  const { body, ...rest } = refused(status, code);
  return { ...rest, body: { ...body, error, error_description: body.description } };
};
const refusedInOAuthAtOnce = (status: number, code: string, error: string) => ({
  ...refusedInOAuth(status, code, error),
  upstream: [],
});

/** A code of the token's user. */
async function codeOf(token: string, type = 'requestAccess'): Promise<string> {
  const { body } = await gateway.sandbox('GET', `/auth/token/code?type=${type}`, authorization(`Bearer ${token}`));
  return (body as { code: string }).code;
}

/** A permanent user that no partner created. */
async function unownedUser(): Promise<{ id: string; token: string }> {
  const contract = await gateway.secret<object>('client-credentials');
  const { body } = await gateway.sandbox('POST', '/auth/init', json(contract));
  const { id_user, auth_token } = body as { id_user: number; auth_token: string };
  return { id: String(id_user), token: auth_token };
}

/** What upstream says of a token. */
async function lookUp(token: string): Promise<{ status: number; body: unknown }> {
  const { status, body } = await gateway.sandbox('GET', '/users/me', authorization(`Bearer ${token}`));
  return { status, body };
}

async function bindCode(code: string, clientId: string): Promise<void> {
  await (await import('#lib/webauth/code-binding.ts')).bindCode(code, clientId);
}

const tokenOf = ({ body }: Answer): string => (body as { access_token: string }).access_token;
const dead = { status: 403, body: { code: 'invalidToken' } };
const aliveFor = ({ id }: { id: string }) => ({ status: 200, body: { id: Number(id) } });

describe.each(ways)('POST /auth/token/access by %s', (way) => {
  const ask = (...requests: TestRequest[]) =>
    gateway.withUpstream(`${wire.url}/2.0`, () =>
      gateway.ask[way]('POST', '/auth/token/access', combined(...requests)),
    );
  const watch = (...requests: TestRequest[]) => watched(gateway, () => ask(...requests));

  /** What a partner is told when it asks for a user. */
  async function read({ client_secret }: DemoPartner, { id }: { id: string }): Promise<number> {
    return (await gateway.ask[way]('GET', `/users/${id}`, authorization(client_secret))).status;
  }

  test.each(clientForms)('exchanges a code of an own user for %s', async (_form, request) => {
    const code = await codeOf(user.token);
    const answer = await watch(request(partner, { code }));
    expect(answer).toMatchObject({ ...exchanged, upstream: ['POST /auth/token/access', 'GET /users/me'] });
    expect(await lookUp(tokenOf(answer))).toMatchObject(aliveFor(user));
  });

  test('takes the largest body, in which the code comes last', async () => {
    const code = await codeOf(user.token);
    expect(await ask(largestBody({ ...partner, code }))).toMatchObject(exchanged);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['nothing more', {}, {}],
    ['the grant type', { grant_type: 'authorization_code' }, { grant_type: 'authorization_code' }],
    ['a redirect URI', { redirect_uri: home }, { redirect_uri: 'the callback' }],
    ['an application’s redirect URI', { redirect_uri: 'myapp://home' }, { redirect_uri: 'the callback' }],
    ['what nobody knows', { client_assertion: 'x', scope: 'x', id_user: '1', codes: 'x', redirect_uris: 'x' }, {}],
  ])('sends upstream the contract’s credentials, the code and %s', async (_case, fields, sent) => {
    const code = await codeOf(user.token);
    const contract = await gateway.secret<{ client_id: number; client_secret: string }>('client-credentials');
    expect(await ask(form({ ...partner, code, ...fields }), { headers: { 'x-api-key': '' } })).toMatchObject(exchanged);
    const callback = sent['redirect_uri'] && { redirect_uri: `${gateway.file.gateway}/webauth/callback` };
    const [exchange] = exchanges;
    expect(Object.fromEntries(new URLSearchParams(exchange?.sent.body))).toEqual({
      client_id: String(contract.client_id),
      client_secret: contract.client_secret,
      code,
      ...sent,
      ...callback,
    });
    expect(Object.keys(exchange?.sent.headers ?? {})).not.toContain('authorization');
  });

  describe('settles whose the user is:', () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    test('another partner’s user keeps everything, and the new token is dead', async () => {
      for (const code of [await codeOf(foreign.token), await codeOf(foreign.token, 'singleAccess')]) {
        const answer = await watch(json({ ...partner, code }));
        const calls = ['POST /auth/token/access', 'GET /users/me', 'DELETE /auth/token'];
        expect(answer).toMatchObject({ ...refusedInOAuth(400, 'invalidCode', 'invalid_grant'), upstream: calls });
      }
      expect(exchanges).toHaveLength(2);
      for (const { access_token } of exchanges) expect(await lookUp(access_token)).toMatchObject(dead);
      expect(await lookUp(foreign.token)).toMatchObject(aliveFor(foreign));
      expect([await read(partner, foreign), await read(other, foreign)]).toEqual([404, 200]);
    });

    test('another partner’s code is refused in the words for one that does not exist', async () => {
      const ofOther = await ask(json({ ...partner, code: await codeOf(foreign.token) }));
      const ofNobody = await ask(json({ ...partner, code: 'bm8rc3VjaC9jb2Rl' }));
      expect(ofNobody).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
      expect(withoutRequestId(ofOther)).toEqual(withoutRequestId(ofNobody));
    });

    test('an unowned user becomes the partner’s by a code that the callback bound to it', async () => {
      const unowned = await unownedUser();
      expect([await read(partner, unowned), await read(other, unowned)]).toEqual([404, 404]);
      const code = await codeOf(unowned.token);
      await bindCode(code, partner.client_id);
      expect(await ask(json({ ...other, code }))).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
      expect(exchanges).toEqual([]);
      expect(await ask(json({ ...partner, code }))).toMatchObject(exchanged);
      expect([await read(partner, unowned), await read(other, unowned)]).toEqual([200, 404]);
      const late = await ask(json({ ...other, code: await codeOf(unowned.token) }));
      expect(late).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
    });

    test('an unowned user stays unowned with an unbound code, and the new token is dead', async () => {
      const unowned = await unownedUser();
      const code = await codeOf(unowned.token);
      expect(await watch(json({ ...partner, code }))).toMatchObject({
        ...refusedInOAuth(400, 'invalidCode', 'invalid_grant'),
        upstream: ['POST /auth/token/access', 'GET /users/me', 'DELETE /auth/token'],
      });
      expect(await lookUp(exchanges[0]?.access_token ?? '')).toMatchObject(dead);
      expect(await lookUp(unowned.token)).toMatchObject(aliveFor(unowned));
      expect([await read(partner, unowned), await read(other, unowned)]).toEqual([404, 404]);
    });

    test('an unowned user stays unowned with a code whose binding has expired', async () => {
      const unowned = await unownedUser();
      const code = await codeOf(unowned.token);
      await bindCode(code, partner.client_id);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_801_000 });
      // Upstream's code lives as long as the binding: this one stands for a code that upstream still takes.
      const fresh = await codeOf(unowned.token);
      await bindCode(fresh, partner.client_id);
      vi.setSystemTime(Date.now() + 1_799_000);
      expect(await ask(json({ ...partner, code }))).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
      expect(await ask(json({ ...partner, code: fresh }))).toMatchObject(exchanged);
    });

    test('of two partners with a bound code each, one gets an unowned user', async () => {
      const unowned = await unownedUser();
      const codes = [await codeOf(unowned.token), await codeOf(unowned.token)] as const;
      await Promise.all([bindCode(codes[0], partner.client_id), bindCode(codes[1], other.client_id)]);
      const answers = await Promise.all([partner, other].map((each, at) => ask(json({ ...each, code: codes[at] }))));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400]);
      const reads = [await read(partner, unowned), await read(other, unowned)];
      expect(reads).toEqual(statuses.map((status) => (status === 200 ? 200 : 404)));
      const alive = await Promise.all(exchanges.map(({ access_token }) => lookUp(access_token)));
      expect(alive.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    test.each<[string, string, number]>([
      ['upstream’s bug', 'bug', 2],
      ['its maintenance', 'maintenance', 1],
      ['its limit', 'tooManyRequests', 1],
      ['a page', 'html', 2],
      ['a broken connection', 'lost', 2],
    ])('who cannot be asked for, for %s, gets no token', async (_case, answer, times) => {
      await gateway.control('failures', { answer, path: '/users/me', times });
      expect(await ask(json({ ...partner, code: await codeOf(user.token) }))).toMatchObject(
        refusedInOAuth(502, 'badGateway', 'server_error'),
      );
      expect(exchanges).toHaveLength(1);
      expect(await lookUp(exchanges[0]?.access_token ?? '')).toMatchObject(dead);
      expect(await lookUp(user.token)).toMatchObject(aliveFor(user));
    });

    test('one failure of the question is asked again', async () => {
      await gateway.control('failures', { answer: 'bug', path: '/users/me' });
      expect(await ask(json({ ...partner, code: await codeOf(user.token) }))).toMatchObject(exchanged);
    });

    test('a token that cannot be revoked is counted, and reaches nobody', async () => {
      await gateway.control('failures', { answer: 'bug', path: '/auth/token', times: 2 });
      gateway.logs();
      const answer = await ask(json({ ...partner, code: await codeOf(foreign.token) }));
      expect(answer).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
      expect(gateway.logs()).toContainEqual(expect.objectContaining({ status: 400, UndoFailed: 1 }));
      expect(answer.text).not.toContain(exchanges[0]?.access_token);
    });
  });

  test('passes on that a single code was spent', async () => {
    const code = await codeOf(user.token, 'singleAccess');
    expect(await ask(form({ ...partner, code }))).toMatchObject(exchanged);
    const again = await watch(form({ ...partner, code }));
    expect(again).toMatchObject(refusedInOAuth(400, 'invalidCode', 'invalid_grant'));
    expect(again.upstream).toEqual(['POST /auth/token/access']);
  });

  test.each([
    'https://app.example/home/',
    'https://app.example/home?',
    'https://app.example/home#',
    'https://app.example/home?state=x',
    'https://app.example/',
    'https://app.example/home/../home',
    'https://app.example/%68ome',
    'https://APP.example/home',
    'HTTPS://app.example/home',
    'http://app.example/home',
    'https://app.example:443/home',
    'https://app.example@evil.example/home',
    'https://app.example.evil.example/home',
    'https://other.example/home',
    'myapp://home/',
    'MYAPP://home',
    'javascript:alert(1)',
    'null',
  ])('refuses a redirect URI that is not registered: %s', async (redirect_uri) => {
    const answer = await watch(form({ ...partner, code: 'bm8rc3VjaC9jb2Rl', redirect_uri }));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'invalidValue', 'invalid_request'));
    expect(answer.text).not.toContain('app.example');
  });

  test('refuses the gateway’s own callback as a redirect URI', async () => {
    const redirect_uri = `${gateway.file.gateway}/webauth/callback`;
    const answer = await watch(json({ ...partner, code: 'bm8rc3VjaC9jb2Rl', redirect_uri }));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'invalidValue', 'invalid_request'));
  });

  test.each<[string, unknown[]]>([
    ['code', ['', 'with space', 'line\nbreak', 'cödé', 'x'.repeat(4097), 1, true, ['x'], [], {}, '\u0000']],
    ['redirect_uri', ['', ` ${home}`, `${home}\n`, [home], { uri: home }, 1, true, 'x'.repeat(2049)]],
  ])('refuses a %s that is none', async (name, values) => {
    for (const value of values) {
      const answer = await watch(json({ ...partner, code: 'bm8rc3VjaC9jb2Rl', [name]: value }));
      expect({ value, ...answer }).toMatchObject({ value, ...refusedAtOnce(400, 'invalidValue') });
    }
  });

  test('refuses another grant type by OAuth’s name for it, with and without a code', async () => {
    for (const grant_type of [
      '',
      'password',
      'client_credentials',
      'Authorization_Code',
      ['authorization_code'],
      {},
      1,
    ]) {
      for (const fields of [{ grant_type }, { grant_type, code: 'bm8rc3VjaC9jb2Rl' }]) {
        expect({ fields, ...(await watch(json({ ...partner, ...fields }))) }).toMatchObject({
          fields,
          ...refusedInOAuthAtOnce(400, 'invalidValue', 'unsupported_grant_type'),
        });
      }
    }
  });

  test.each<[string, () => TestRequest]>([
    ['JSON', () => json({ ...partner })],
    ['JSON with null', () => json({ ...partner, code: null })],
    ['a form', () => form({ ...partner, codes: 'x' })],
    ['multipart', () => multipart({ ...partner })],
    ['Basic alone', () => basic(partner)],
  ])('misses the code in %s', async (_case, request) => {
    const answer = await watch(request());
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'missingParameter', 'invalid_request'));
    expect(answer.body).toMatchObject({ description: 'code is missing.', error_description: 'code is missing.' });
  });

  test('sends no partner key to Budgea as a code', async () => {
    const answer = await watch(form({ ...partner, code: partner.client_secret }));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'invalidValue', 'invalid_request'));
  });

  test('refuses a code in the query', async () => {
    const path = `/auth/token/access?code=${encodeURIComponent(await codeOf(user.token))}`;
    const answer = await watched(gateway, () => gateway.ask[way]('POST', path, form({ ...partner })));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'invalidValue', 'invalid_request'));
    expect(answer.body).toMatchObject({ description: 'code belongs in the body.' });
  });

  test.each<[string, () => TestRequest, number, string, string]>([
    ['a key in Authorization', () => authorization(partner.client_secret), 403, 'forbidden', 'unauthorized_client'],
    ['a key in x-api-key', () => apiKey(partner.client_secret), 403, 'forbidden', 'unauthorized_client'],
    ['a user’s token', () => authorization(`Bearer ${user.token}`), 403, 'forbidden', 'unauthorized_client'],
    [
      'the contract’s own credentials',
      () => basic({ client_id: '1', client_secret: 'real' }),
      401,
      'invalidClient',
      'invalid_client',
    ],
  ])('refuses other kinds: %s', async (_kind, request, status, code, error) => {
    const answer = await watch(json({ code: await codeOf(user.token) }), request());
    expect(answer).toMatchObject(refusedInOAuthAtOnce(status, code, error));
  });

  test.each(nobody)('refuses nobody: %s', async (_form, request) => {
    const answer = await watch(json({ code: 'x' }), request({ partner, user }));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(401, 'unauthorized', 'invalid_client'));
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    const answer = await watch(request({ partner, user }));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(403, 'invalidToken', 'unauthorized_client'));
  });

  test.each(badKeys)('refuses %s, in the same words as any', async (_case, bad) => {
    const { client_id, client_secret } = bad(partner, disabled);
    const asked = { client_id, client_secret, code: 'x' };
    for (const request of [json(asked), form(asked), multipart(asked), basic(asked)]) {
      const answer = await watch(request);
      expect(answer).toMatchObject(refusedInOAuthAtOnce(401, 'invalidClient', 'invalid_client'));
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(json({ client_id, client_secret: 'bgk_' }))));
    }
  });

  test.each([...contradictions, ...contradictingIds])('refuses %s', async (_case, request) => {
    const answer = await watch(request(partner, other));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(400, 'invalidValue', 'invalid_request'));
  });

  test.each(unreadableBodies)('refuses %s', async (_case, request, status, code) => {
    const answer = await watch(request, basic(partner));
    expect(answer).toMatchObject(refusedInOAuthAtOnce(status, code, 'invalid_request'));
  });

  test.each(upstreamFailures)('asks once when upstream has trouble: %s, %i %s', async (answer, status, code, wait) => {
    await gateway.control('failures', { answer, path: '/auth/token/access', retry_after: 7 });
    const refusal = await watch(form({ ...partner, code: await codeOf(user.token) }));
    const error = status === 502 ? 'server_error' : 'temporarily_unavailable';
    expect(refusal).toMatchObject(refusedInOAuth(status, code, error));
    expect(refusal.upstream).toEqual(['POST /auth/token/access']);
    expect(refusal.headers['retry-after']).toBe(wait);
  });
});
