import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { examples } from '#lib/openapi/examples.ts';
import { publishedDocument } from '#lib/openapi/page.ts';
import { recordExamples } from '#tools/openapi/recorder.ts';
import { requireDocumented } from '../documented.ts';

test('docs/openapi.json is what the table and the examples say: if not, npm run openapi', async () => {
  const file = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(publishedDocument())));
});

test('the examples are what a new run gives: if not, npm run openapi', async () => {
  const logged = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const again = await recordExamples();
  logged.mockRestore();
  expect(again).toEqual(examples);
}, 30_000);

test('the examples hold nothing that anyone could use', () => {
  const text = JSON.stringify(examples);
  const keys = new Set(text.match(/bgk_[\w-]+/g));
  expect([...keys].filter((key) => !/^bgk_\d{8}_EXAMPLE/.test(key))).toEqual([]);
  expect(text).not.toMatch(/127\.0\.0\.1|localhost|eyJ/);
  // What is random is long, has both cases and digits, and is not a word of the API.
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
const refusal = { code: 'notFound', description: 'No.', message: null, request_id: '1' };

test('an answer as it is documented is let through', () => {
  expect(() => requireDocumented('GET', '/users/me', answer(200, { id: 1, more: true }))).not.toThrow();
  expect(() => requireDocumented('GET', '/users/me', answer(404, refusal))).not.toThrow();
  expect(() => requireDocumented('GET', '/users/me', answer(418, refusal))).not.toThrow();
  expect(() => requireDocumented('GET', '/unknown', answer(404, { message: 'Not Found' }))).not.toThrow();
  const { 'x-request-id': _, ...headers } = answer(429, {}).headers;
  expect(() => requireDocumented('DELETE', '/hash', { ...answer(429, { message: 'No' }), headers })).not.toThrow();
});

test.each([
  ['a field of another type', 'GET', '/users/me', answer(200, { id: 'one' }), 'this body of a 200: /id'],
  ['a field that is missing', 'POST', '/auth/init', answer(200, {}), 'auth_token'],
  ['a refusal of another shape', 'POST', '/auth/token/access', answer(400, refusal), 'error'],
  ['another media type', 'GET', '/users/me', answer(200, {}, { 'content-type': 'text/html' }), 'text/html with'],
  ['a success that it does not have', 'GET', '/users/me', answer(201, {}), 'this body of a 201'],
  ['a header that is missing', 'GET', '/users/me', answer(401, refusal), 'a 401 without www-authenticate'],
])('%s is found', (_, method, path, given, fault) => {
  expect(() => requireDocumented(method, path, given)).toThrow(fault);
});
