import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '../../local/demo-partners.ts';
import { authorization, basic, form, json, multipart, startGateway, ways, type Gateway } from '../gateway.ts';

let gateway: Gateway;
let partner: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner();
});
afterAll(() => gateway.close());

const permanent = {
  auth_token: expect.any(String) as string,
  type: 'permanent',
  id_user: expect.any(Number) as number,
};

describe.each(ways)('POST /auth/init by %s', (way) => {
  const ask = (request: object) => gateway.ask[way]('POST', '/auth/init', request);

  test.each([
    ['JSON', () => json(partner)],
    ['JSON with a numeric id', () => json({ ...partner, client_id: Number(partner.client_id) })],
    ['a form', () => form({ ...partner })],
    ['multipart', () => multipart({ ...partner })],
    ['Basic', () => basic(partner)],
    ['Basic with a trailing colon', () => basic(partner, ':')],
    ['a key in Authorization', () => authorization(partner.client_secret)],
    ['a key as bearer', () => authorization(`bearer ${partner.client_secret}`)],
    ['a form beside the same key', () => ({ ...form({ ...partner }), ...{} })],
  ])('makes a permanent user of the partner for %s', async (_form, request) => {
    const answer = await ask(request());
    expect(answer).toMatchObject({ status: 200, body: permanent });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    const { id_user } = answer.body as { id_user: number };
    const own = await gateway.ask[way]('GET', `/users/${id_user}`, authorization(partner.client_secret));
    expect(own).toMatchObject({ status: 200, body: { id: id_user } });
  });

  test('makes a temporary user for a key in x-api-key', async () => {
    const answer = await ask({ headers: { 'x-api-key': partner.client_secret } });
    expect(answer).toMatchObject({ status: 200, body: { type: 'temporary', expires_in: 1800 } });
  });

  test('refuses a caller without credentials, and asks nothing', async () => {
    await gateway.upstreamCalls();
    expect(await ask({})).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await gateway.upstreamCalls()).toEqual([]);
  });
});
