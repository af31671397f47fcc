import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { GatewayError, invalidValue } from '../errors.ts';
import type { Middleware } from './middleware.ts';
import { requireExactNames } from './field-names.ts';

/** The maximum body size, in bytes. */
const maxBodyBytes = 16 * 1024;

/**
 * Parses the query or the body into fields. Throws GatewayError: 413 for a body over 16 KiB, 415 for an unsupported media type, 400
 * `invalidValue` for a body that does not match its type, a repeated field, or a field that is misspelled or in the wrong place. Ignores the
 * body and the `Content-Type` of GET and DELETE.
 */
export const parse: Middleware = {
  async before({ event, context: { call } }) {
    const { operation } = call;
    const post = event.requestContext.http.method === 'POST';
    const body = post ? await readBody(event) : {};
    if (operation.fields === 'body') {
      call.fields = body;
      // The query's values are not used, so that it may repeat a field or be malformed.
      requireExactNames(operation, 'query', new URLSearchParams(event.rawQueryString).keys());
    } else {
      call.fields = { ...parseForm(event.rawQueryString, 'query'), ...body };
    }
    requireExactNames(operation, operation.fields, Object.keys(call.fields));
  },
};

/** Validates path parameters and fields with the operation's schema. Throws GatewayError `missingParameter` or `invalidValue`, which names the field. */
export const validate: Middleware = {
  before({ event, context: { call } }) {
    const values: Record<string, unknown> = { ...call.fields, ...event.pathParameters };
    const parsed = v.safeParse(call.operation.request(), values, { abortEarly: true });
    if (parsed.success) {
      call.input = parsed.output;
      return;
    }
    const [issue] = parsed.issues;
    // The issue's path names a field of the schema, never a name that the caller sent.
    const name = String(issue.path?.[0].key);
    if (values[name] === undefined) throw new GatewayError('missingParameter', { description: `${name} is missing.` });
    throw new GatewayError('invalidValue', {
      description: `${name} ${issue.message}.`,
      // RFC 6749, section 5.2.
      ...(name === 'grant_type' && { oauthError: 'unsupported_grant_type' }),
    });
  },
};

async function readBody(event: APIGatewayProxyEventV2): Promise<RawFields> {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBodyBytes) throw new GatewayError('payloadTooLarge');
  if (bytes.length === 0) return {};
  const contentType = event.headers['content-type'] ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    throw new GatewayError('unsupportedMediaType');
  switch (mediaType) {
    case 'application/json':
      return parseJson(utf8(bytes));
    case 'application/x-www-form-urlencoded':
      return parseForm(utf8(bytes), 'body');
    case 'multipart/form-data':
      return parseMultipart(utf8(bytes), contentType);
    default:
      throw new GatewayError('unsupportedMediaType');
  }
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidValue('The body is not UTF-8.');
  }
}

/** Fields before validation: strings, or any JSON values. */
type RawFields = Record<string, unknown>;

const repeatedField = () => invalidValue('A field appears more than once.');

function parseForm(text: string, place: 'query' | 'body'): RawFields {
  if (text === '') return {};
  const pairs = [...new URLSearchParams(text)];
  if (hasInvalidUtf8(text)) throw invalidValue(`The ${place} is not UTF-8.`);
  return uniqueFields(pairs);
}

/** Detects the U+FFFD that URLSearchParams puts in place of invalid UTF-8. A U+FFFD in the text itself is valid. */
function hasInvalidUtf8(text: string): boolean {
  return new URLSearchParams(text.replaceAll(/%EF%BF%BD|\ufffd/gi, '_')).toString().includes('%EF%BF%BD');
}

/** Parses a JSON object. A field that is null counts as absent. */
function parseJson(text: string): RawFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidValue('The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidValue('The body is not a JSON object.');
  const names = topLevelNames(text);
  if (new Set(names).size !== names.length) throw repeatedField();
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

function uniqueFields(pairs: [string, string][]): RawFields {
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) throw repeatedField();
  return Object.fromEntries(fields);
}

/** Returns the names of the top-level fields of valid JSON, duplicates included: JSON.parse keeps only the last of them. */
function topLevelNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && token.endsWith(':')) names.push(String(JSON.parse(token.slice(0, -1))));
  }
  return names;
}

const maxParts = 100;

/** Parses `multipart/form-data` with text fields only. Uses Node's parser, which Node loads for the first such body. */
async function parseMultipart(text: string, contentType: string): Promise<RawFields> {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const pairs = await readPairs(text, quoted ?? bare);
  if (pairs === undefined) throw invalidValue('The body is not valid multipart/form-data.');
  return uniqueFields(pairs);
}

/** Returns the fields in order, or undefined for a malformed body, a file, or too many parts. */
async function readPairs(text: string, boundary: string | undefined): Promise<[string, string][] | undefined> {
  if (boundary === undefined) return undefined;
  // Node's parser also ends a value at the boundary without its dashes. A random boundary occurs in no value.
  const random = randomUUID();
  const delimiter = new RegExp(`\\r\\n--${RegExp.escape(boundary)}(?=--|[ \\t]*\\r\\n)`, 'g');
  const body = `\r\n${text}`.replace(delimiter, `\r\n--${random}`);
  const headers = { 'content-type': `multipart/form-data; boundary=${random}` };
  try {
    const pairs: [string, string][] = [];
    for (const [name, value] of await new Response(body, { headers }).formData()) {
      if (typeof value !== 'string') return undefined;
      pairs.push([name, value]);
    }
    return pairs.length > maxParts ? undefined : pairs;
  } catch {
    return undefined;
  }
}
