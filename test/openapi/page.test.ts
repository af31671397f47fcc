import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '#lib/openapi/document.ts';
import { startApiGateway } from '#local/api-gateway/server.ts';
import type { RunningServer } from '#local/loopback.ts';
import { loadRoutes } from '#local/routes.ts';

const url = 'https://gateway.example/2.0';
process.env['GATEWAY_URL'] = url;
let api: RunningServer;

beforeAll(async () => {
  api = await startApiGateway({ port: 0, routes: await loadRoutes() });
});
afterAll(() => api.close());

const get = async (path: string, headers: Record<string, string> = {}) => fetch(api.url + path, { headers });

describe('the page', () => {
  test('runs only its own scripts and connects only to its own origin', async () => {
    const answer = await get('/docs');
    const { headers } = answer;
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = new Map(
      (headers.get('content-security-policy') ?? '').split('; ').map((part) => {
        const [directive = '', ...sources] = part.split(' ');
        return [directive, sources];
      }),
    );
    const inline = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text = '']) => text);
    const hashes = inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    expect(policy.get('script-src')).toEqual(["'self'", ...hashes]);
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('connect-src')).toEqual(["'self'"]);
    const [, nonce] = /<meta property="csp-nonce" content="([\w-]{22})">/.exec(page) ?? [];
    expect(policy.get('style-src-elem')).toEqual([`'nonce-${nonce}'`]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await (await get('/docs')).text()).not.toContain(nonce);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    // Scalar requires style attributes.
    policy.delete('style-src-attr');
    const sources = [...policy.values()].flat();
    expect(sources.filter((source) => /unsafe|https?:|\*/.test(source))).toEqual([]);
    expect(page).not.toMatch(/https?:\/\/|bgk_|\bon\w+=/);
  });

  test('loads a script that is immutable and fits into a Lambda response', async () => {
    const [, address = ''] =
      /<script src="(docs\/scalar\.js\?[\w-]{43})">/.exec(await (await get('/docs')).text()) ?? [];
    const script = await get(`/${address}`);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('content-encoding')).toBe('gzip');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    // A Lambda response has at most 6 MB, a quarter of which is base64 overhead.
    expect(Number(script.headers.get('content-length'))).toBeLessThan(4_000_000);
    const text = await script.text();
    expect(text).toMatch(/^\/\*! Scalar API Reference, MIT/);
    expect(text).toContain('createApiReference');
    expect(text).not.toContain('sourceMappingURL');
  });
});

test('/openapi.json returns the document', async () => {
  const answer = await get('/openapi.json');
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument(url))));
});

describe.each(['/docs/scalar.js', '/openapi.json'])('%s', (path) => {
  test('is cacheable, and returns 304 for a matching etag', async () => {
    const { headers } = await get(path);
    expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await get(path, { 'if-none-match': `"other", W/${etag}` });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    const other = await get(path, { 'if-none-match': '"other"' });
    expect(other.status).toBe(200);
  });
});
