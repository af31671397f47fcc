import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { env } from '#lib/config/env.ts';
import { jsonSchema } from '#lib/openapi/schema.ts';
import { operations } from '#lib/operations/table.ts';
import type { CallEvent, RequestNames } from './wire.ts';

/** The fields of all operations. The gateway ignores any other field, which may be a misplaced secret. */
const fieldNames: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  ...Object.values(operations).flatMap(({ request }) => Object.keys(jsonSchema(request()).properties ?? {})),
]);
/** The headers that the gateway reads. */
const headerNames = ['authorization', 'x-api-key', 'content-type', 'accept', 'traceparent'];

/** Returns the names in a request; an unknown name is `*`. */
export function requestNames(event: APIGatewayProxyEventV2): RequestNames {
  const parameters = event.pathParameters ?? {};
  const path = event.routeKey.split(' ')[1] ?? '';
  return {
    method: event.requestContext.http.method,
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => maskParameter(parameters[name])),
    query: maskUnknown(Object.keys(event.queryStringParameters ?? {})),
    fields: maskUnknown(bodyNames(event)),
    headers: headerNames.filter((name) => event.headers[name] !== undefined),
  };
}

/** Returns the names in a function's response, and the length of its body. */
export function responseNames(result: unknown): CallEvent['answer'] {
  // A function of the table returns a structured result, or throws and has no result.
  const { headers = {}, body = '' } = (result ?? {}) as { headers?: Record<string, unknown>; body?: string };
  // Upstream chooses the names of its fields.
  const fields = jsonNames(body).map((name) => (/^[a-z][a-z_]{0,30}$/.test(name) ? name : '*'));
  return { headers: Object.keys(headers), fields, bytes: Buffer.byteLength(body) };
}

function maskParameter(value = ''): string {
  return /^(me|all|[1-9]\d{0,17})$/.test(value) || env.certificateTypes().includes(value) ? value : '*';
}

const maskUnknown = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => (fieldNames.has(name) ? name : '*'))),
];

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
