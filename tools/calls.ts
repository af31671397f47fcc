import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { encodeBody, encodeQuery, type EncodedBody } from '#lib/budgea/wire.ts';
import { type MediaType } from '#lib/budgea/specification.ts';
import type { Values } from '#lib/openapi/examples.ts';
import { basePath, operations, type Operation, type OperationId } from '#lib/operations/table.ts';
import { toEvent } from '#local/api-gateway/event.ts';

/** One call of an operation; `path` holds its path parameters. */
export interface Call {
  operation: OperationId;
  /** The operation's own method by default. */
  method?: 'POST';
  path?: Values;
  query?: Values;
  headers?: Readonly<Record<string, string>>;
  mediaType?: MediaType;
  fields?: Values;
  /** Replaces the fields, for a body of a wrong type or length. */
  raw?: EncodedBody;
}

/** A call as HTTP carries it; the path is relative to `/2.0`. */
export interface HttpRequest {
  method: string;
  path: string;
  queryString: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Encodes a call. */
export function requestOf(call: Call): HttpRequest {
  const { operation, path = {}, query = {}, headers = {}, mediaType, fields = {} } = call;
  const row: Operation = operations[operation];
  const body = call.raw ?? (mediaType && encodeBody(mediaType, fields));
  return {
    method: call.method ?? row.method,
    path: row.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name]))),
    queryString: encodeQuery(query),
    headers: { ...headers, ...(body && { 'content-type': body.contentType }) },
    body: body?.text ?? '',
  };
}

/** Returns the event that API Gateway makes of a call. */
export function eventOf(call: Call, requestId: string = randomUUID()): APIGatewayProxyEventV2 {
  const { method, path, queryString, headers, body } = requestOf(call);
  return toEvent(
    {
      requestId,
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method,
      protocol: 'HTTP/1.1',
      path: basePath + path,
      queryString,
      headers: Object.entries({ host: 'gateway.example', accept: 'application/json', ...headers }),
      body: Buffer.from(body),
      sourceIp: '192.0.2.1',
      port: 443,
    },
    {
      routeKey: `${method} ${basePath}${operations[call.operation].path}`,
      ...(call.path && { pathParameters: textsOf(call.path) }),
    },
  );
}

/** Values as a path or a query carries them. */
export function textsOf(values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** The response to a call. */
export interface Answer {
  status: number;
  /** Empty without a body. */
  mediaType: string;
  text: string;
  /** The fields of a JSON body. */
  body: Readonly<Record<string, unknown>>;
  /** Empty where the response does not redirect. */
  location: string;
  requestId: string | null;
}

/** Sends a call to a gateway at a base URL, `/2.0` included. Throws when the status is not expected. */
export async function send(
  baseUrl: string,
  call: Call,
  isExpected: (status: number) => boolean = (status) => status < 400,
): Promise<Answer> {
  const { method, path, queryString, headers, body } = requestOf(call);
  const url = `${baseUrl}${path}${queryString === '' ? '' : `?${queryString}`}`;
  const response = await fetch(url, { method, headers, body: body === '' ? null : body, redirect: 'manual' });
  const text = await response.text();
  const { status } = response;
  // The text may hold a token.
  if (!isExpected(status)) throw new Error(`${method} ${path} of ${call.operation} returns the unexpected ${status}`);
  const [mediaType = ''] = (response.headers.get('content-type') ?? '').split(';');
  return {
    status,
    mediaType,
    text,
    // The API's JSON bodies are objects.
    body: mediaType === 'application/json' && text !== '' ? (JSON.parse(text) as Answer['body']) : {},
    location: response.headers.get('location') ?? '',
    requestId: response.headers.get('x-request-id'),
  };
}
