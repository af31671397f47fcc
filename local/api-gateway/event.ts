import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HOP_BY_HOP, type Header } from './request.ts';
import type { RouteMatch } from './routes.ts';

/** The account of the local API and its functions. */
export const ACCOUNT_ID = '123456789012';

/** A complete request as the gateway received it. */
export interface ApiRequest {
  requestId: string;
  traceId: string;
  receivedAt: Date;
  method: string;
  /** Such as `HTTP/1.1`. */
  protocol: string;
  /** Decoded, as the `rawPath` of an HTTP API is. */
  path: string;
  queryString: string;
  /** Every header line in order, names in lower case. */
  headers: readonly Header[];
  body: Buffer;
  sourceIp: string;
  /** The gateway's port. */
  port: number;
}

/** Returns a request id in API Gateway's form, such as `JKJaXmPLvHcESHA=`. */
export function newRequestId(): string {
  return `${randomBytes(11).toString('base64url')}=`;
}

/** Returns a trace id in AWS X-Ray's format: the time in seconds and 96 random bits, both in hexadecimal. */
export function newTraceId(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  return `Root=1-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
}

/**
 * Converts a request to its function's event in payload format 2.0.
 * Source: "Create AWS Lambda proxy integrations for HTTP APIs" in the API Gateway developer guide.
 */
export function toEvent(
  request: ApiRequest,
  { routeKey, pathParameters }: Pick<RouteMatch, 'routeKey' | 'pathParameters'>,
): APIGatewayProxyEventV2 {
  const { path, queryString, body } = request;
  const headers = toHeaders(request);
  const cookies = toCookies(request.headers);
  const query = joinRepeated(new URLSearchParams(queryString));
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: queryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    requestContext: toRequestContext(request, routeKey, headers),
    ...(pathParameters !== undefined && { pathParameters }),
    ...toBody(body, headers['content-type']),
  };
}

function toHeaders({ headers, traceId, sourceIp, port, body }: ApiRequest): Record<string, string> {
  const received = joinRepeated(headers.filter(([name]) => name !== 'cookie' && !HOP_BY_HOP.has(name)));
  const forwardedFor = received['x-forwarded-for'];
  return {
    ...received,
    // The service has read the whole body: a chunked or absent one has a length too.
    'content-length': String(body.length),
    'x-amzn-trace-id': received['x-amzn-trace-id'] ?? traceId,
    'x-forwarded-for': forwardedFor === undefined ? sourceIp : `${forwardedFor}, ${sourceIp}`,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
}

/** Joins the values of a repeated name with commas, as payload format 2.0 does. */
function joinRepeated(pairs: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const earlier = joined.get(name);
    joined.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(joined);
}

function toCookies(headers: readonly Header[]): string[] {
  return headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
}

function toBody(body: Buffer, contentType: string | undefined): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isBase64Encoded = !isText(contentType);
  return { body: body.toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
}

/** Whether the function receives a body of this type as text. Every other body, such as a form, is base64. */
function isText(contentType = ''): boolean {
  const [mediaType = ''] = contentType.split(';');
  return /^(?:text\/.*|application\/(?:json|javascript|xml)|.*\+(?:json|xml))$/.test(mediaType.trim().toLowerCase());
}

function toRequestContext(
  { method, path, protocol, sourceIp, requestId, receivedAt }: ApiRequest,
  routeKey: string,
  headers: Record<string, string>,
): APIGatewayProxyEventV2['requestContext'] {
  const domainName = headers['host'] ?? '';
  return {
    accountId: ACCOUNT_ID,
    apiId: 'local',
    domainName,
    domainPrefix: domainName.split('.', 1).join(),
    http: { method, path, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
    requestId,
    routeKey,
    stage: '$default',
    time: commonLogTime(receivedAt),
    timeEpoch: receivedAt.getTime(),
  };
}

/** Such as `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
