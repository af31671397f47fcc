import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { makeKey } from '#lib/partner-key.ts';
import { serveOnce, type ServeRequest } from './serve-once.ts';

const key = makeKey('12345678');

/** Strings with a meaning to some part of the stack. */
const tokens = fc.constantFrom(
  ...`,|"|\0|%|%ff|\ud800|../|me|all|0|1|-1|1e3|null|true|config|__proto__|constructor|Basic |https://a.example/`.split(
    '|',
  ),
  '',
  ' ',
  '9'.repeat(30),
  key,
  `Bearer ${key}`,
  'Bearer dG9rZW4=',
  `Basic ${Buffer.from(`12345678:${key}`).toString('base64')}`,
);
const text = fc.oneof(tokens, fc.string({ maxLength: 12 }));
const name = fc.constantFrom(
  ...'client_id client_secret code grant_type redirect_uri id_user scope duration expire application'.split(' '),
  ...'expand type state token fields id_connector __proto__ constructor'.split(' '),
  '',
);
const fields = fc.dictionary(name, fc.oneof(text, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 5 });
const pairs = fc.array(fc.tuple(name, text), { maxLength: 5 });

const asForm = (all: [string, string][]) => all.map((pair) => pair.map(escaped).join('=')).join('&');
const escaped = (part: string) => encodeURIComponent(part.toWellFormed());
const bodies = fc.oneof(
  fields.map((all) => JSON.stringify(all)),
  pairs.map(asForm),
  fc.string(),
  fc.constant(''),
);
const types = fc.constantFrom(
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  '',
);
const headers = fc.record(
  { authorization: text, 'x-api-key': text, 'content-type': types, accept: text, traceparent: text },
  { requiredKeys: ['content-type'] },
);
const sent: fc.Arbitrary<ServeRequest> = fc.record({
  headers,
  body: bodies,
  query: fc.oneof(pairs.map(asForm), fc.string()),
  pathParameters: fc.record({ id_user: text, type: text }),
});

test.each(Object.keys(operations) as OperationId[])(
  '%s responds to any request with a success or a client error, and one log line',
  async (operation) => {
    await fc.assert(
      fc.asyncProperty(sent, async (request) => {
        const { status, body, headers: received, lines } = await serveOnce(operation, async () => ({}), request);
        expect([200, 400, 401, 403, 413, 415]).toContain(status);
        expect(received).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
        expect(lines).toMatchObject([{ operation, status }]);
        const isEnvelope = typeof (body as { code?: unknown } | undefined)?.code === 'string';
        expect(status === 200 || isEnvelope || received['content-type'] === 'text/html; charset=utf-8').toBe(true);
        expect(JSON.stringify(lines)).not.toContain(key);
      }),
      { numRuns: 150 },
    );
  },
);
