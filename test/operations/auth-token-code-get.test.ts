import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorization, form, json, multipart, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import {
  apiKeys,
  clients,
  combined,
  malformedTokens,
  managerKeys,
  nobody,
  repeated,
  tokens,
  type Who,
} from '../presented.ts';
import { refused, refusedAtOnce, upstreamFailures, watched } from '../refused.ts';

let gateway: Gateway;
let who: Who;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
});
afterAll(() => gateway.close());

const temporaryCode = (access: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store', 'content-type': 'application/json' },
  body: { code: expect.stringMatching(/^.{32}$/) as string, type: 'temporary', access, expires_in: 1800 },
  upstream: ['GET /auth/token/code'],
});

const token = () => authorization(`Bearer ${who.user.token}`);

describe.each(ways)('GET /auth/token/code by %s', (way) => {
  const asking =
    (method: string) =>
    (request: TestRequest, query = '') =>
      watched(gateway, () => gateway.ask[way](method, `/auth/token/code${query}`, request));
  const ask = asking('GET');
  const post = asking('POST');

  test.each(tokens)('forwards %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(temporaryCode('standard'));
    expect(await post(request(who))).toMatchObject(temporaryCode('standard'));
  });

  test('forwards a JWT of a user', async () => {
    const { body } = await gateway.ask.http('POST', '/auth/jwt', json(who.partner));
    const { jwt_token } = body as { jwt_token: string };
    expect(await ask(authorization(`Bearer ${jwt_token}`))).toMatchObject(temporaryCode('standard'));
  });

  test('gives a code that the partner can exchange', async () => {
    const { body } = await ask(token());
    const { code } = body as { code: string };
    const exchanged = await gateway.ask[way]('POST', '/auth/token/access', json({ ...who.partner, code }));
    expect(exchanged).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
  });

  test.each(['singleAccess', 'requestAccess'])('takes the type %s from the query and from a body', async (type) => {
    const expected = temporaryCode(type === 'singleAccess' ? 'single' : 'standard');
    expect(await ask(token(), `?type=${type}`)).toMatchObject(expected);
    for (const body of [json({ type }), form({ type }), multipart({ type })]) {
      expect(await post(combined(token(), body))).toMatchObject(expected);
    }
    expect(await post(token(), `?type=${type}`)).toMatchObject(expected);
  });

  test.each(['other', 'singleaccess', 'singleAccess ', ''])('refuses the type "%s"', async (type) => {
    const query = `?type=${encodeURIComponent(type)}`;
    expect(await ask(token(), query)).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await post(combined(token(), json({ type })))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test('refuses a type that comes twice', async () => {
    expect(await ask(token(), '?type=singleAccess&type=singleAccess')).toMatchObject(
      refusedAtOnce(400, 'invalidValue'),
    );
  });

  test('ignores a stray media type and body', async () => {
    const strays: TestRequest[] = [
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { headers: { 'content-type': 'text/plain' }, body: 'type=other' },
      json({ type: 'other' }),
      { headers: { 'content-type': 'application/json' }, body: '{' },
    ];
    for (const stray of strays) expect(await ask(combined(token(), stray))).toMatchObject(temporaryCode('standard'));
  });

  test('forwards nothing but the token, its own headers and the fields that it knows', async () => {
    const stray = { headers: { cookie: 'a=b', 'x-forwarded-host': 'evil.example', 'x-evil': '1', forwarded: 'for=1' } };
    const send = (method: string, query: string, ...requests: TestRequest[]) =>
      gateway.ask[way](method, `/auth/token/code${query}`, combined(token(), stray, ...requests));
    await gateway.upstreamRequests();
    await send('GET', '?type=singleAccess&evil=1&client_id=1');
    await send('POST', '', json({ evil: 1, id_user: 1 }), {
      headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
    });
    const own = ['accept', 'authorization', 'connection', 'host', 'user-agent', 'x-request-id'];
    const [got, posted] = await gateway.upstreamRequests();
    expect(got).toMatchObject({ query: ['type'], fields: [] });
    expect(got?.headers.toSorted()).toEqual(own);
    expect(posted).toMatchObject({ method: 'GET', query: [], fields: [] });
    expect(posted?.headers.toSorted()).toEqual([...own, 'traceparent'].toSorted());
  });

  test.each(nobody)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
    expect(await post(request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each([...managerKeys, ...clients, ...apiKeys])('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(403, 'forbidden'));
    expect(await post(request(who))).toMatchObject(refusedAtOnce(403, 'forbidden'));
  });

  test('does not look at credentials in the query or the body', async () => {
    const { partner, user } = who;
    const query = `?${new URLSearchParams({ ...partner, access_token: user.token, token: user.token }).toString()}`;
    expect(await ask({}, query)).toMatchObject(refusedAtOnce(401, 'unauthorized'));
    const body = json({ ...partner, access_token: user.token });
    expect(await post(body)).toMatchObject(refusedAtOnce(401, 'unauthorized'));
    expect(await post(combined(token(), body))).toMatchObject(temporaryCode('standard'));
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(repeated)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test('passes upstream’s refusal of a token on', async () => {
    const answer = await ask(authorization('Bearer bm9ib2R5J3MgdG9rZW4='));
    expect(answer).toMatchObject({ ...refused(403, 'invalidToken'), upstream: ['GET /auth/token/code'] });
    expect(answer.body).toMatchObject({
      description: 'The token is invalid or has expired',
      request_id: answer.headers['x-request-id'],
    });
  });

  test.each(upstreamFailures)('asks once and tells the failure when upstream is %s', async (answer, status, code) => {
    await gateway.control('failures', { answer, path: '/auth/token/code', times: 1, retry_after: 7 });
    expect(await ask(token())).toMatchObject({ ...refused(status, code), upstream: ['GET /auth/token/code'] });
  });
});
