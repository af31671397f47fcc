import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../lib/openapi.ts';
import { invokeHandler } from '../invoke.ts';

const url = 'https://gateway.example/2.0';
process.env['GATEWAY_URL'] = url;
const document = openApiDocument(url);
const page = await invokeHandler('GET', '/docs');
const all = (pattern: RegExp) => [...page.text.matchAll(pattern)].map(([, found]) => found);

describe('the page', () => {
  test('shows every operation with its sentence and a call', () => {
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((each) => each.operationId));
    expect(all(/<section aria-labelledby="(\w+)">/g)).toEqual(['callers', ...ids]);
    expect(page.text).toContain(`<pre>curl ${url}/auth/init`);
  });

  test('has no script and asks nobody for anything', () => {
    expect(page.text).not.toMatch(/<(script|link|img|iframe|form|object|base)\b|\bon\w+=|\bsrc=|@import|url\(/i);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:|'self'|\*/);
  });

  test('has the style sheet that its policy allows', () => {
    const [style = ''] = all(/<style>(.*?)<\/style>/gs);
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page.headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}';`);
  });

  test('leads to what it has, and to the document', () => {
    const ids = all(/ id="([^"]+)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const links = new Set(all(/ href="([^"]+)"/g));
    expect(links.delete('openapi.json')).toBe(true);
    for (const link of links) expect(ids).toContain(link?.replace(/^#/, ''));
  });
});

test('the document is there for programs', async () => {
  const answer = await invokeHandler('GET', '/openapi.json');
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
  expect(answer.body).toEqual(document);
});

describe.each(['/docs', '/openapi.json'])('%s', (path) => {
  test('may be kept for minutes, and is not sent again to who has it', async () => {
    const { headers } = await invokeHandler('GET', path);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=300', 'x-content-type-options': 'nosniff' });
    const etag = headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await invokeHandler('GET', path, { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect(again).toMatchObject({ status: 304, text: '', headers: { etag } });
    const other = await invokeHandler('GET', path, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });
});
