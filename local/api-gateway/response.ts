import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Duplex } from 'node:stream';
import { HOP_BY_HOP, type Header } from './request.ts';

/** A response of the gateway, before its `content-length` and `apigw-requestid` are added. */
export interface HttpResponse {
  statusCode: number;
  headers: readonly Header[];
  body: Buffer;
}

const MESSAGES = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** Returns the gateway's own error response. */
export function errorResponse(statusCode: keyof typeof MESSAGES): HttpResponse {
  return {
    statusCode,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ message: MESSAGES[statusCode] })),
  };
}

/** Answers a request that Node could not parse or that timed out, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const { headers, body } = errorResponse(status);
  const all = [...headers, ['apigw-requestid', requestId], ['content-length', body.length], ['connection', 'close']];
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...all.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body.toString()}`);
}

/**
 * Converts a function's result to a response: a structured result as it is, a result without a status code to a 200 with that value as
 * JSON, and a malformed result to a 500.
 * Source: "Lambda function response for format 2.0" in the API Gateway developer guide for HTTP APIs.
 */
export function toResponse(result: unknown): HttpResponse {
  if (!isRecord(result) || result['statusCode'] === undefined) return infer(result);
  const { statusCode } = result;
  const headers = toHeaders(result['headers'], result['cookies']);
  const body = toBody(result['body'], result['isBase64Encoded']);
  if (!isStatus(statusCode) || headers === undefined || body === undefined) return errorResponse(500);
  const untyped = body.length > 0 && !headers.some(([name]) => name === 'content-type');
  return { statusCode, headers: untyped ? [...headers, DEFAULT_TYPE] : headers, body };
}

const DEFAULT_TYPE: Header = ['content-type', 'text/plain;charset=UTF-8'];

function infer(result: unknown): HttpResponse {
  const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
  return { statusCode: 200, headers: [['content-type', 'application/json']], body: Buffer.from(body) };
}

/** Returns the header lines, or undefined when one is malformed. */
function toHeaders(fields: unknown = {}, cookies: unknown = []): Header[] | undefined {
  if (!isRecord(fields) || !Array.isArray(cookies)) return undefined;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(fields)) {
    if (!isValidHeader(name, value)) return undefined;
    headers.set(name.toLowerCase(), String(value));
  }
  for (const name of [...HOP_BY_HOP, 'content-length', 'apigw-requestid']) headers.delete(name);
  const lines: Header[] = [...headers];
  for (const cookie of cookies as unknown[]) {
    if (typeof cookie !== 'string' || !isValidHeader('set-cookie', cookie)) return undefined;
    lines.push(['set-cookie', cookie]);
  }
  return lines;
}

function isValidHeader(name: string, value: unknown): value is string | number | boolean {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return false;
  try {
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return true;
  } catch {
    return false;
  }
}

/** Returns the bytes of the body, or undefined when it is malformed. */
function toBody(body: unknown, isBase64Encoded: unknown): Buffer | undefined {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return undefined;
  if (isBase64Encoded !== true) return Buffer.from(body);
  const bytes = Buffer.from(body, 'base64');
  // Node skips characters that are not base64, which would hide an error of the function.
  return bytes.toString('base64') === body ? bytes : undefined;
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
