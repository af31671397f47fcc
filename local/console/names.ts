import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { env } from '#lib/config/env.ts';
import { jsonSchema } from '#lib/openapi/schema.ts';
import { operations } from '#lib/operations/table.ts';
import type { CallEvent, Sent } from './events.ts';

/** Every field that an operation knows. Whatever else a caller sends is ignored by the gateway, and may be a secret in the wrong place. */
const fieldNames: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  ...Object.values(operations).flatMap(({ request }) => Object.keys(jsonSchema(request()).properties ?? {})),
]);
/** The headers that the gateway looks at. */
const headerNames = ['authorization', 'x-api-key', 'content-type', 'accept', 'traceparent'];

/** The names in a request; one that nothing knows is `*`. */
export function sent(event: APIGatewayProxyEventV2): Sent {
  const parameters = event.pathParameters ?? {};
  return {
    method: event.requestContext.http.method,
    path: (event.routeKey.split(' ')[1] ?? '').replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(parameters[name])),
    query: known(Object.keys(event.queryStringParameters ?? {})),
    fields: known(bodyNames(event)),
    headers: headerNames.filter((name) => event.headers[name] !== undefined),
  };
}

/** The names in what a function answered, and the body's length. */
export function answered(result: unknown): CallEvent['answer'] {
  // A function of the table answers with a structured result, or throws, which is no result.
  const { headers = {}, body = '' } = (result ?? {}) as { headers?: Record<string, unknown>; body?: string };
  return { headers: Object.keys(headers), fields: readable(jsonNames(body)), bytes: Buffer.byteLength(body) };
}

/** A path parameter that is an id or a word of the API. */
function shown(value = ''): string {
  return /^(me|all|[1-9]\d{0,17})$/.test(value) || env.certificateTypes().includes(value) ? value : '*';
}

const known = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => (fieldNames.has(name) ? name : '*'))),
];

/** Upstream names the fields of its answers. */
const readable = (names: readonly string[]): string[] =>
  names.map((name) => (/^[a-z][a-z_]{0,30}$/.test(name) ? name : '*'));

function bodyNames({ body = '', isBase64Encoded, headers }: APIGatewayProxyEventV2): string[] {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/json')) return jsonNames(text);
  if (type.startsWith('multipart/')) return [...text.matchAll(/;\s*name="?([^";\r\n]+)/g)].map(([, name = '']) => name);
  return [...new URLSearchParams(text).keys()];
}

function jsonNames(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch {
    return [];
  }
}
