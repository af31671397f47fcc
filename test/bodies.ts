import { json } from './gateway.ts';
import type { TestRequest } from './invoke.ts';

const typed = (contentType: string, body: string): TestRequest => ({ headers: { 'content-type': contentType }, body });
const formType = 'application/x-www-form-urlencoded';
const part = (disposition: string, value = '1') =>
  `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
const parts = (...all: string[]) => typed('multipart/form-data; boundary=x', `${all.join('')}--x--\r\n`);

/** The maximum size of a body, in bytes. */
const maxBytes = 16 * 1024;

/** Returns a JSON body of the maximum size. */
export function largestBody(fields: Record<string, unknown>): TestRequest {
  const padding = 'x'.repeat(maxBytes - JSON.stringify({ ...fields, padding: '' }).length);
  return json({ ...fields, padding });
}

/** Bodies on GET and DELETE, which are ignored. */
export const strayBodies: [string, TestRequest][] = [
  ['a media type', { headers: { 'content-type': formType } }],
  ['a body', json({ id_user: 'all', token: 'other', type: 'other', expand: 'files' })],
  ['credentials in a body', json({ client_id: '10000000', client_secret: 'bgk_1' })],
  ['a truncated body', typed('application/json', '{')],
  ['a body of an unsupported media type', typed('text/plain', 'x')],
];

/** Bodies that every operation rejects. */
export const unreadableBodies: [string, TestRequest, status: number, code: string][] = [
  ['JSON over 16 KiB', json({ padding: 'x'.repeat(maxBytes) }), 413, 'payloadTooLarge'],
  ['a form over 16 KiB', typed(formType, `padding=${'x'.repeat(maxBytes)}`), 413, 'payloadTooLarge'],
  ['multipart over 16 KiB', parts(part('name="padding"', 'x'.repeat(maxBytes))), 413, 'payloadTooLarge'],
  ['text over 16 KiB in bytes but not in characters', json({ padding: 'é'.repeat(9000) }), 413, 'payloadTooLarge'],
  ['plain text', typed('text/plain', 'scope=config'), 415, 'unsupportedMediaType'],
  ['XML', typed('application/xml', '<scope/>'), 415, 'unsupportedMediaType'],
  ['a JSON-like media type', typed('application/vnd.api+json', '{}'), 415, 'unsupportedMediaType'],
  ['no media type', { headers: {}, body: 'scope=config' }, 415, 'unsupportedMediaType'],
  ['JSON in UTF-16', typed('application/json; charset=utf-16', '{}'), 415, 'unsupportedMediaType'],
  ['a truncated JSON object', typed('application/json', '{"scope":'), 400, 'invalidValue'],
  ['a JSON array', typed('application/json', '[{"scope":"config"}]'), 400, 'invalidValue'],
  ['a JSON string', typed('application/json', '"scope=config"'), 400, 'invalidValue'],
  ['JSON null', typed('application/json', 'null'), 400, 'invalidValue'],
  ['JSON with a name twice', typed('application/json', '{"a":1,"b":{"a":2},"a":3}'), 400, 'invalidValue'],
  ['JSON with a name twice, once escaped', typed('application/json', '{"a":1,"\\u0061" : 2}'), 400, 'invalidValue'],
  ['JSON with __proto__ twice', typed('application/json', '{"__proto__":{},"__proto__":{}}'), 400, 'invalidValue'],
  ['a form with a name twice', typed(formType, 'a=1&b=2&a=1'), 400, 'invalidValue'],
  ['a form with a name twice, once escaped', typed(formType, 'a=1&%61=2'), 400, 'invalidValue'],
  ['a form that is not UTF-8', typed(formType, 'a=%ff'), 400, 'invalidValue'],
  ['multipart with a name twice', parts(part('name="a"'), part('name="a"')), 400, 'invalidValue'],
  ['multipart with a file', parts(part('name="a"; filename="a"')), 400, 'invalidValue'],
  ['multipart without a boundary', typed('multipart/form-data', part('name="a"')), 400, 'invalidValue'],
  ['a truncated multipart body', typed('multipart/form-data; boundary=x', part('name="a"')), 400, 'invalidValue'],
];
