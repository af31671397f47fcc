import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withoutTable, withSetting } from '../conditions.ts';
import { authorization, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { badKeys } from '../key-forms.ts';
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
import { startProxy } from '../proxy.ts';
import { refused, refusedAtOnce, watched, withoutRequestId } from '../refused.ts';
import { badExpands } from './ids.ts';

let gateway: Gateway;
let who: Who;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
});
afterAll(() => gateway.close());

const bearer = (token: string) => authorization(`Bearer ${token}`);
const key = () => bearer(who.partner.client_secret);
const token = () => bearer(who.user.token);
const certificate = (type: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { id: expect.any(Number) as number, type, created: expect.stringMatching(/^\d{4}-\d\d-\d\d /) as string },
});
const fetched = (type: string) => ({ ...certificate(type), upstream: [`GET /certificate/${type}`] });
const kept = (type: string) => ({ ...certificate(type), upstream: [] });
const partners = [...managerKeys, ...clients, ...apiKeys];
const oneOfEachKind = [managerKeys, clients, apiKeys].flatMap((forms) => forms.slice(0, 1));

const badTypes = [
  '- _ qwac- _qwac q--wac q.wac .. %2e%2e .%2e %2e%2e%2fusers%2fall %2F qwac%2F qwac%00 qwac%0A qwac%0D%0AX-Evil:%201',
  '%20qwac qwac%20 qw%C3%A4c %EF%BD%91wac q%2577ac qwac%3Fexpand qwac%23 qwac;a=b qwac%26a=b %7Btype%7D __proto__',
  'q'.repeat(65),
].flatMap((line) => line.split(' '));

/** Forgets what is kept, so that a test can tell what is fetched. */
async function forgetKept(): Promise<void> {
  const { table } = await import('#lib/aws/table.ts');
  for (const type of ['qwac', 'qseal']) await table.delete(`CERTIFICATE#${type}`);
}

/** Runs `during` while upstream answers everything with this certificate. */
async function whenUpstreamHas<T>(body: object, during: () => Promise<T>): Promise<T> {
  const proxy = await startProxy(
    () => '',
    async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  );
  try {
    return await gateway.withUpstream(`${proxy.url}/2.0`, during);
  } finally {
    await proxy.close();
  }
}

describe.each(ways)('GET /certificate/{type} by %s', (way) => {
  const ask = (type: string, request: TestRequest) =>
    watched(gateway, () => gateway.ask[way]('GET', `/certificate/${type}`, request));

  describe('with nothing kept before', () => {
    beforeEach(forgetKept);

    test.each(partners)('fetches a certificate once for %s, and keeps it', async (_form, request) => {
      const first = await ask('qwac', request(who));
      expect(first).toMatchObject(fetched('qwac'));
      const second = await ask('qwac', request(who));
      expect(second).toMatchObject(kept('qwac'));
      expect(second.body).toEqual(first.body);
    });

    test('keeps each type by itself, for all partners and kinds', async () => {
      const other = await gateway.newPartner();
      for (const type of ['qwac', 'qseal']) expect(await ask(type, key())).toMatchObject(fetched(type));
      for (const type of ['qwac', 'qseal']) {
        for (const [, request] of partners) {
          expect(await ask(type, request({ ...who, partner: other }))).toMatchObject(kept(type));
        }
      }
    });

    test('signs the fetch with the manage JWT, and tells upstream nothing of the caller', async () => {
      await gateway.upstreamRequests();
      await gateway.ask[way](
        'GET',
        '/certificate/qwac?evil=1',
        combined(json({ evil: 1 }), apiKeys[0]?.[1](who) ?? {}),
      );
      const own = ['accept', 'authorization', 'connection', 'host', 'user-agent', 'x-request-id'];
      const [sent] = await gateway.upstreamRequests();
      expect(sent).toMatchObject({ query: [], fields: [] });
      expect(sent?.headers.filter((name) => name !== 'content-length').toSorted()).toEqual(own);
    });

    test.each(tokens)('forwards %s every time', async (_form, request) => {
      await ask('qwac', key());
      for (const type of ['qwac', 'qwac', 'qseal']) expect(await ask(type, request(who))).toMatchObject(fetched(type));
    });

    test('gives a token the newest, a partner the kept one', async () => {
      const { body: first } = await ask('qwac', key());
      const renewed = await gateway.control('certificates', { type: 'qwac' });
      expect((await ask('qwac', token())).body).toEqual(renewed);
      expect((await ask('qwac', key())).body).toEqual(first);
    });

    test('forwards what to expand for a token, and refuses it from a partner', async () => {
      await gateway.upstreamRequests();
      await gateway.ask[way]('GET', '/certificate/qwac?expand=files&evil=1', token());
      expect(await gateway.upstreamRequests()).toMatchObject([{ query: ['expand'], fields: [] }]);
      for (const [, request] of partners) {
        expect(await ask('qwac?expand=files', request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
      }
    });

    test('does not know a type that is not configured, whatever it is kept as, and asks nothing', async () => {
      await ask('qseal', key());
      for (const type of ['other', 'QWAC', 'Qseal', 'constructor', 'toString']) {
        expect(await ask(type, key())).toMatchObject(refusedAtOnce(404, 'notFound'));
      }
      for (const [, request] of partners) {
        expect(await ask('other', request(who))).toMatchObject(refusedAtOnce(404, 'notFound'));
      }
      await withSetting('CERTIFICATE_TYPES', 'qwac', async () => {
        expect(await ask('qseal', key())).toMatchObject(refusedAtOnce(404, 'notFound'));
        expect(await ask('qwac', key())).toMatchObject(fetched('qwac'));
      });
      await withSetting('CERTIFICATE_TYPES', '', async () => {
        expect(await ask('qwac', key())).toMatchObject(refusedAtOnce(404, 'notFound'));
      });
      expect(await ask('qseal', key())).toMatchObject(kept('qseal'));
    });

    test('looks for a configured type that upstream does not have each time', async () => {
      await withSetting('CERTIFICATE_TYPES', 'qwac,planned', async () => {
        for (const request of [key(), key()]) {
          expect(await ask('planned', request)).toMatchObject({
            ...refused(404, 'notFound'),
            upstream: ['GET /certificate/*'],
          });
        }
      });
    });

    test('forwards a token for a type that is not configured', async () => {
      expect(await ask('other', token())).toMatchObject({
        ...refused(404, 'notFound'),
        upstream: ['GET /certificate/*'],
      });
    });

    test('gives a certificate that is too large to keep, and counts it', async () => {
      const large = { type: 'qwac', chain: 'x'.repeat(500_000) };
      gateway.logs();
      expect(await whenUpstreamHas(large, () => ask('qwac', key()))).toMatchObject({ status: 200, body: large });
      expect(gateway.logs().at(-1)).toMatchObject({ CertificateNotKept: 1 });
      expect(await ask('qwac', key())).toMatchObject(fetched('qwac'));
    });

    test('keeps a certificate whose date is in the future, and counts it', async () => {
      const future = { type: 'qwac', created: '9999-12-31 00:00:00' };
      gateway.logs();
      expect(await whenUpstreamHas(future, () => ask('qwac', key()))).toMatchObject({ status: 200, body: future });
      const Metrics = expect.arrayContaining([{ Name: 'CertificateDateIgnored', Unit: 'Count' }]) as unknown;
      expect(gateway.logs().at(-1)).toMatchObject({
        CertificateDateIgnored: 1,
        _aws: { CloudWatchMetrics: [{ Metrics }] },
      });
      expect(await ask('qwac', key())).toMatchObject({ status: 200, body: future, upstream: [] });
    });

    test('answers 503, and asks nothing, while the table is down', async () => {
      await ask('other', key());
      await withoutTable(async () => {
        expect(await ask('qwac', key())).toMatchObject(refusedAtOnce(503, 'unavailable'));
        expect(await ask('qwac', token())).toMatchObject(fetched('qwac'));
      });
    });

    test('knows a type however it is percent-encoded', async () => {
      expect(await ask('%71wac', key())).toMatchObject(fetched('qwac'));
    });

    test.each(['lost', 'bug', 'html'])('repeats once when upstream’s answer is %s', async (answer) => {
      for (const request of [key(), token()]) {
        await gateway.control('failures', { answer, path: '/certificate/qwac' });
        const upstream = ['GET /certificate/qwac', 'GET /certificate/qwac'];
        expect(await ask('qwac', request)).toMatchObject({ ...certificate('qwac'), upstream });
      }
    });

    test.each<[string, number, string, number]>([
      ['lost', 502, 'badGateway', 2],
      ['bug', 502, 'bug', 2],
      ['html', 502, 'badGateway', 2],
      ['maintenance', 503, 'maintenance', 1],
      ['tooManyRequests', 429, 'tooManyRequests', 1],
    ])(
      'tells the failure when upstream is %s for longer, and keeps nothing',
      async (answer, status, code, attempts) => {
        const upstream = Array.from({ length: attempts }, () => 'GET /certificate/qwac');
        for (const request of [key(), token()]) {
          await gateway.control('failures', { answer, path: '/certificate/qwac', times: attempts, retry_after: 7 });
          expect(await ask('qwac', request)).toMatchObject({ ...refused(status, code), upstream });
        }
        expect(await ask('qwac', key())).toMatchObject(fetched('qwac'));
      },
    );

    test('gives a partner the kept one while upstream is down', async () => {
      await ask('qwac', key());
      await gateway.control('failures', { answer: 'maintenance', path: '/certificate/qwac' });
      expect(await ask('qwac', key())).toMatchObject(kept('qwac'));
      expect(await ask('qwac', token())).toMatchObject(refused(503, 'maintenance'));
    });
  });

  test.each<[string, TestRequest]>([
    ['a media type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body', json({ type: 'other', expand: 'files' })],
    ['half a body', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['a body of an unknown media type', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('ignores %s that has no business here', async (_stray, stray) => {
    expect(await ask('qwac?types=other', combined(stray, key()))).toMatchObject(certificate('qwac'));
    expect(await ask('qwac?types=other', combined(stray, token()))).toMatchObject(certificate('qwac'));
  });

  test.each(badTypes)('refuses the type %s', async (type) => {
    for (const request of [key(), token()]) {
      expect(await ask(type, request)).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    }
  });

  test.each(badExpands)('refuses an expand that is %s', async (_what, expand) => {
    for (const request of [key(), token()]) {
      expect(await ask(`qwac?expand=${expand}`, request)).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    }
  });

  test.each(nobody)('refuses %s', async (_form, request) => {
    await ask('qwac', key());
    expect(await ask('qwac', request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test('refuses bad keys of every kind alike', async () => {
    const disabled = await gateway.newPartner();
    await gateway.changePartner(disabled, { status: 'disabled' });
    const unknown = await ask('qwac', bearer(`${who.partner.client_secret}x`));
    expect(unknown).toMatchObject(refusedAtOnce(401, 'invalidClient'));
    for (const [, bad] of badKeys) {
      for (const [, request] of oneOfEachKind) {
        const answer = await ask('qwac', request({ ...who, partner: bad(who.partner, disabled) }));
        expect(withoutRequestId(answer)).toEqual(withoutRequestId(unknown));
        expect(answer.upstream).toEqual([]);
      }
    }
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await ask('qwac', request(who))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(repeated)('refuses %s', async (_form, request) => {
    expect(await ask('qwac', request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });
});
