import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { GatewayError } from '../errors.ts';
import type { Middleware } from './middleware.ts';
import { requireExactNames } from './field-names.ts';

/** The largest body that is looked at, in bytes. */
const largestBody = 16 * 1024;

/**
 * Reads the query or the body into fields. Throws GatewayError: 413 for a body over 16 KiB, 415 for an unknown media type, 400 `invalidValue`
 * for one that is not what its type says, that repeats a field, or that has a field with another spelling or in another place. A body on GET and
 * DELETE, and its stray `Content-Type`, are not looked at.
 */
export const parse: Middleware = {
  async before({ event, context: { call } }) {
    const { operation } = call;
    const post = event.requestContext.http.method === 'POST';
    const body = post ? await readBody(event) : {};
    if (operation.fields === 'body') {
      call.fields = body;
      // The query's values are not used: it may repeat a field or be unreadable.
      requireExactNames(operation, 'query', new URLSearchParams(event.rawQueryString).keys());
    } else {
      call.fields = { ...parseForm(event.rawQueryString, 'query'), ...body };
    }
    requireExactNames(operation, operation.fields, Object.keys(call.fields));
  },
};

/** Checks path parameters and fields against the row's schema. Throws GatewayError `missingParameter` or `invalidValue`, naming the field. */
export const validate: Middleware = {
  before({ event, context: { call } }) {
    const given: Record<string, unknown> = { ...call.fields, ...event.pathParameters };
    const checked = v.safeParse(call.operation.request(), given, { abortEarly: true });
    if (checked.success) {
      call.input = checked.output;
      return;
    }
    const [issue] = checked.issues;
    // The path names a field of the schema, never one that the caller made up.
    const name = String(issue.path?.[0].key);
    if (given[name] === undefined) throw new GatewayError('missingParameter', { description: `${name} is missing.` });
    throw new GatewayError('invalidValue', {
      description: `${name} ${issue.message}.`,
      // RFC 6749, section 5.2.
      ...(name === 'grant_type' && { oauthError: 'unsupported_grant_type' }),
    });
  },
};

async function readBody(event: APIGatewayProxyEventV2): Promise<RawFields> {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > largestBody) throw new GatewayError('payloadTooLarge');
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
    throw new GatewayError('invalidValue', { description: 'The body is not UTF-8.' });
  }
}

/** Fields as they came: strings, or whatever JSON holds. */
export type RawFields = Record<string, unknown>;

/** A body or a query that is not what it should be. */
export const invalid = (description: string) => new GatewayError('invalidValue', { description });
const repeated = () => invalid('A field is given twice.');

/** Reads `name=value&…`. Throws GatewayError `invalidValue` when a name comes twice. */
export function parseForm(text: string, place: 'query' | 'body'): RawFields {
  if (text === '') return {};
  const pairs = [...new URLSearchParams(text)];
  if (isReplaced(text)) throw invalid(`The ${place} is not UTF-8.`);
  return uniqueFields(pairs);
}

/** URLSearchParams replaces what it cannot decode: such a text is refused, not guessed at. One that says U+FFFD itself is fine. */
function isReplaced(text: string): boolean {
  return new URLSearchParams(text.replaceAll(/%EF%BF%BD|\ufffd/gi, '_')).toString().includes('%EF%BF%BD');
}

/** Reads a JSON object; a null counts as left out. Throws GatewayError `invalidValue` for anything else, and when a name comes twice. */
export function parseJson(text: string): RawFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The body is not a JSON object.');
  const names = topLevelNames(text);
  if (new Set(names).size !== names.length) throw repeated();
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** The pairs as fields. Throws GatewayError `invalidValue` when a name comes twice. */
export function uniqueFields(pairs: [string, string][]): RawFields {
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) throw repeated();
  return Object.fromEntries(fields);
}

/** The names of an object's own fields in valid JSON, repeated ones repeated: JSON.parse keeps the last alone. */
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

const mostFields = 100;

/**
 * Reads `multipart/form-data`, text fields alone, with Node's own parser, which Node loads at the first such body. Throws GatewayError
 * `invalidValue`.
 */
export async function parseMultipart(text: string, contentType: string): Promise<RawFields> {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const pairs = await readPairs(text, quoted ?? bare);
  if (pairs === undefined) throw invalid('The body is not valid multipart/form-data.');
  return uniqueFields(pairs);
}

/** The fields in their order; undefined when there is anything else. */
async function readPairs(text: string, boundary: string | undefined): Promise<[string, string][] | undefined> {
  if (boundary === undefined) return undefined;
  // The parser ends a value where it holds the boundary, dashes or not: with one of ours, none does.
  const own = randomUUID();
  const delimiter = new RegExp(`\\r\\n--${RegExp.escape(boundary)}(?=--|[ \\t]*\\r\\n)`, 'g');
  const body = `\r\n${text}`.replace(delimiter, `\r\n--${own}`);
  const headers = { 'content-type': `multipart/form-data; boundary=${own}` };
  try {
    const pairs: [string, string][] = [];
    for (const [name, value] of await new Response(body, { headers }).formData()) {
      if (typeof value !== 'string') return undefined;
      pairs.push([name, value]);
    }
    return pairs.length > mostFields ? undefined : pairs;
  } catch {
    return undefined;
  }
}
