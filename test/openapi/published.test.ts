import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { examples } from '#lib/openapi/examples.ts';
import { publishedDocument } from '#lib/openapi/page.ts';
import { recordExamples } from '#tools/openapi/recorder.ts';
import { requireDocumented } from '../documented.ts';

test('docs/openapi.json is current (otherwise run npm run openapi)', async () => {
  const file = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(publishedDocument())));
});

test('the examples match a new run (otherwise run npm run openapi)', async () => {
  const logged = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const again = await recordExamples();
  logged.mockRestore();
  expect(again).toEqual(examples);
}, 30_000);

test('the examples contain no usable key or token', () => {
  const text = JSON.stringify(examples);
  const keys = new Set(text.match(/bgk_[\w-]+/g));
  expect([...keys].filter((key) => !/^bgk_\d{8}_EXAMPLE/.test(key))).toEqual([]);
  expect(text).not.toMatch(/127\.0\.0\.1|localhost|eyJ/);
  // A random value is long and has lower case, upper case and digits.
  const words = text.replaceAll(/bgk_\w+_EXAMPLE[\w-]*/g, '').match(/[\w+/-]{24,}/g) ?? [];
  const random = words.filter((word) => /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word));
  const decoded = new Set(random.map((word) => Buffer.from(word, 'base64').toString()));
  expect(decoded).toEqual(new Set([`12345678:bgk_12345678_EXAMPLE${'0'.repeat(42)}`]));
});

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'content-type': 'application/json', 'x-request-id': '1', ...headers },
  text: JSON.stringify(body),
  body,
});
const error = { code: 'notFound', description: 'No.', message: null, request_id: '1' };

test('a documented response is accepted', () => {
  expect(() => requireDocumented('GET', '/users/me', answer(200, { id: 1, more: true }))).not.toThrow();
  expect(() => requireDocumented('GET', '/users/me', answer(404, error))).not.toThrow();
  expect(() => requireDocumented('GET', '/users/me', answer(418, error))).not.toThrow();
  expect(() => requireDocumented('GET', '/unknown', answer(404, { message: 'Not Found' }))).not.toThrow();
  const { 'x-request-id': _, ...headers } = answer(429, {}).headers;
  expect(() => requireDocumented('DELETE', '/hash', { ...answer(429, { message: 'No' }), headers })).not.toThrow();
});

test.each([
  ['a field of another type', 'GET', '/users/me', answer(200, { id: 'one' }), 'this body of a 200: /id'],
  ['a missing field', 'POST', '/auth/init', answer(200, {}), 'auth_token'],
  ['an error of another shape', 'POST', '/auth/token/access', answer(400, error), 'error'],
  ['another media type', 'GET', '/users/me', answer(200, {}, { 'content-type': 'text/html' }), 'text/html with'],
  ['an undocumented success', 'GET', '/users/me', answer(201, {}), 'this body of a 201'],
  ['a missing header', 'GET', '/users/me', answer(401, error), 'a 401 without www-authenticate'],
])('%s is rejected', (_, method, path, response, fault) => {
  expect(() => requireDocumented(method, path, response)).toThrow(fault);
});
