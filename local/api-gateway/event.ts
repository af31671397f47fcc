import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HOP_BY_HOP, joinRepeated, type Header } from './headers.ts';
import { ACCOUNT_ID, API_ID } from './ids.ts';
import { isText } from './media-type.ts';
import type { RouteMatch } from './routes.ts';

/** A whole request as the gateway received it. */
export interface ApiRequest {
  requestId: string;
  traceId: string;
  receivedAt: Date;
  method: string;
  /** Such as `HTTP/1.1`. */
  protocol: string;
  /** Decoded, as the `rawPath` of an HTTP API is (a REST API's path stays encoded). */
  path: string;
  queryString: string;
  /** Every header line in order, names in lower case. */
  headers: readonly Header[];
  body: Buffer;
  sourceIp: string;
  /** The gateway's own port. */
  port: number;
}

/**
 * Turns a request into the event that its function gets, in payload format 2.0.
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
    // The service has read the whole body, so that a chunked one has a length too, and so has an absent one.
    'content-length': String(body.length),
    'x-amzn-trace-id': received['x-amzn-trace-id'] ?? traceId,
    'x-forwarded-for': forwardedFor === undefined ? sourceIp : `${forwardedFor}, ${sourceIp}`,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
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

function toRequestContext(
  { method, path, protocol, sourceIp, requestId, receivedAt }: ApiRequest,
  routeKey: string,
  headers: Record<string, string>,
): APIGatewayProxyEventV2['requestContext'] {
  const domainName = headers['host'] ?? '';
  return {
    accountId: ACCOUNT_ID,
    apiId: API_ID,
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
