import { beforeEach, describe, expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { withoutTable, withSetting } from '../conditions.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { apiKey, authorization, basic, combine, json, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall, upstreamHeaders } from '../responses.ts';
import { startOperationContext, testCredentials, testInvalidKeys, testRetries } from './fixture.ts';
import { badExpands } from './ids.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, token, other, call } = context;

const send = (type: string, ...requests: TestRequest[]) => call('GET', `/certificate/${type}`, ...requests);
const certificate = (type: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { id: expect.any(Number) as number, type, created: expect.stringMatching(/^\d{4}-\d\d-\d\d /) as string },
});
const fetched = (type: string) => ({ ...certificate(type), upstream: [`GET /certificate/${type}`] });
const stored = (type: string) => ({ ...certificate(type), upstream: [] });
const notFoundUpstream = { ...errorResponse(404, 'notFound'), upstream: ['GET /certificate/*'] };
const partnerForms = [...bearerKeys, ...basicCredentials, ...apiKeys];

const invalidTypes = [
  '- _ qwac- _qwac q--wac q.wac .. %2e%2e .%2e %2e%2e%2fusers%2fall %2F qwac%2F qwac%00 qwac%0A qwac%0D%0AX-Evil:%201',
  '%20qwac qwac%20 qw%C3%A4c %EF%BD%91wac q%2577ac qwac%3Fexpand qwac%23 qwac;a=b qwac%26a=b %7Btype%7D __proto__',
  'q'.repeat(65),
].flatMap((line) => line.split(' '));

async function deleteStored(): Promise<void> {
  const { table } = await import('#lib/aws/table.ts');
  for (const type of ['qwac', 'qseal']) await table.delete(`CERTIFICATE#${type}`);
}

/** Requests the certificate while upstream returns this body. */
const whenUpstreamReturns = (body: object) =>
  gateway.withProxy(
    async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    () => send('qwac', key),
  );

test.each(transports)('GET /certificate/{type} by %s', async (transport) => {
  expect(await gateway.call[transport]('GET', '/certificate/qwac', key)).toMatchObject(certificate('qwac'));
  const missing = await gateway.call[transport]('GET', '/certificate/qwac');
  expect(missing).toMatchObject(errorResponse(401, 'unauthorized'));
});

describe('without a stored certificate', () => {
  beforeEach(deleteStored);

  test.each(partnerForms)('fetches a certificate once for %s and stores it', async (_form, request) => {
    const first = await send('qwac', request({ partner, user }));
    expect(first).toMatchObject(fetched('qwac'));
    const second = await send('qwac', request({ partner, user }));
    expect(second).toMatchObject(stored('qwac'));
    expect(second.body).toEqual(first.body);
  });

  test('stores each type for all partners and kinds of credentials', async () => {
    for (const type of ['qwac', 'qseal']) expect(await send(type, key)).toMatchObject(fetched(type));
    for (const type of ['qwac', 'qseal']) {
      for (const [, request] of partnerForms) {
        expect(await send(type, request({ partner: other, user }))).toMatchObject(stored(type));
      }
    }
  });

  test('signs the fetch with the manage JWT and forwards nothing of the request', async () => {
    await gateway.upstreamRequests();
    const request = combine(json({ evil: 1 }), apiKey(partner.client_secret));
    await gateway.call.handler('GET', '/certificate/qwac?evil=1', request);
    const [sent] = await gateway.upstreamRequests();
    expect(sent).toMatchObject({ query: [], fields: [] });
    expect(sent?.headers.filter((name) => name !== 'content-length').toSorted()).toEqual(upstreamHeaders);
  });

  test.each(tokens)('forwards every request with %s', async (_form, request) => {
    await send('qwac', key);
    for (const type of ['qwac', 'qwac', 'qseal']) {
      expect(await send(type, request({ partner, user }))).toMatchObject(fetched(type));
    }
  });

  test('returns the newest certificate to a token and the stored one to a partner', async () => {
    const { body: first } = await send('qwac', key);
    const renewed = await gateway.control('certificates', { type: 'qwac' });
    expect((await send('qwac', token)).body).toEqual(renewed);
    expect((await send('qwac', key)).body).toEqual(first);
  });

  test('forwards expand of a token and rejects it from a partner', async () => {
    await gateway.upstreamRequests();
    await gateway.call.handler('GET', '/certificate/qwac?expand=files&evil=1', token);
    expect(await gateway.upstreamRequests()).toMatchObject([{ query: ['expand'], fields: [] }]);
    for (const [, request] of partnerForms) {
      const response = await send('qwac?expand=files', request({ partner, user }));
      expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
    }
  });

  test('rejects a type that is not configured, stored or not', async () => {
    const notFound = rejectedWithoutUpstreamCall(404, 'notFound');
    await send('qseal', key);
    for (const type of ['other', 'QWAC', 'Qseal', 'constructor', 'toString']) {
      expect(await send(type, key)).toMatchObject(notFound);
    }
    for (const [, request] of partnerForms) {
      expect(await send('other', request({ partner, user }))).toMatchObject(notFound);
    }
    await withSetting('CERTIFICATE_TYPES', 'qwac', async () => {
      expect(await send('qseal', key)).toMatchObject(notFound);
      expect(await send('qwac', key)).toMatchObject(fetched('qwac'));
    });
    await withSetting('CERTIFICATE_TYPES', '', async () => {
      expect(await send('qwac', key)).toMatchObject(notFound);
    });
    expect(await send('qseal', key)).toMatchObject(stored('qseal'));
  });

  test('requests a configured type that upstream does not have each time', async () => {
    await withSetting('CERTIFICATE_TYPES', 'qwac,planned', async () => {
      for (const request of [key, key]) expect(await send('planned', request)).toMatchObject(notFoundUpstream);
    });
  });

  test('forwards a token’s request for a type that is not configured', async () => {
    expect(await send('other', token)).toMatchObject(notFoundUpstream);
  });

  test('returns a certificate that is too large to store, and counts it', async () => {
    const large = { type: 'qwac', chain: 'x'.repeat(500_000) };
    gateway.logs();
    expect(await whenUpstreamReturns(large)).toMatchObject({ status: 200, body: large });
    expect(gateway.logs().at(-1)).toMatchObject({ CertificateNotKept: 1 });
    expect(await send('qwac', key)).toMatchObject(fetched('qwac'));
  });

  test('stores a certificate with a date in the future, and counts it', async () => {
    const future = { type: 'qwac', created: '9999-12-31 00:00:00' };
    gateway.logs();
    expect(await whenUpstreamReturns(future)).toMatchObject({ status: 200, body: future });
    const Metrics = expect.arrayContaining([{ Name: 'CertificateDateIgnored', Unit: 'Count' }]) as unknown;
    expect(gateway.logs().at(-1)).toMatchObject({
      CertificateDateIgnored: 1,
      _aws: { CloudWatchMetrics: [{ Metrics }] },
    });
    expect(await send('qwac', key)).toMatchObject({ status: 200, body: future, upstream: [] });
  });

  test('returns 503 without calling upstream while the table is unavailable', async () => {
    await send('other', key);
    await withoutTable(async () => {
      expect(await send('qwac', key)).toMatchObject(rejectedWithoutUpstreamCall(503, 'unavailable'));
      expect(await send('qwac', token)).toMatchObject(fetched('qwac'));
    });
  });

  test('accepts a percent-encoded type', async () => {
    expect(await send('%71wac', key)).toMatchObject(fetched('qwac'));
  });

  describe.each([
    ['key', key],
    ['token', token],
  ])('with a %s', (_credential, credential) => {
    testRetries(context, 'GET /certificate/qwac', () => send('qwac', credential), certificate('qwac'));
  });

  test('stores nothing after an upstream failure', async () => {
    await gateway.control('failures', { answer: 'bug', path: '/certificate/qwac', times: 2 });
    expect(await send('qwac', key)).toMatchObject(errorResponse(502, 'bug'));
    expect(await send('qwac', key)).toMatchObject(fetched('qwac'));
  });

  test('returns the stored certificate to a partner while upstream is unavailable', async () => {
    await send('qwac', key);
    await gateway.control('failures', { answer: 'maintenance', path: '/certificate/qwac' });
    expect(await send('qwac', key)).toMatchObject(stored('qwac'));
    expect(await send('qwac', token)).toMatchObject(errorResponse(503, 'maintenance'));
  });
});

test.each(strayBodies)('ignores %s', async (_body, stray) => {
  expect(await send('qwac?types=other', stray, key)).toMatchObject(certificate('qwac'));
  expect(await send('qwac?types=other', stray, token)).toMatchObject(certificate('qwac'));
});

test.each([
  ...invalidTypes.map((type) => [`the type ${type}`, type]),
  ...badExpands.map(([what, expand]) => [`an expand that is ${what}`, `qwac?expand=${expand}`]),
])('rejects %s', async (_what, path = '') => {
  for (const request of [key, token]) {
    expect(await send(path, request)).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
  }
});

testCredentials(context, (request) => send('qwac', request), []);
testInvalidKeys(context, (request) => send('qwac', request), [
  ({ client_secret }) => authorization(client_secret),
  basic,
  ({ client_secret }) => apiKey(client_secret),
]);
