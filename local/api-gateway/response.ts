import { validateHeaderName, validateHeaderValue } from 'node:http';
import { HOP_BY_HOP, type Header } from './headers.ts';
import type { HttpResponse } from './http-response.ts';
import { refusal } from './refusal.ts';

/**
 * Turns what a function returned into a response: a structured result as it says, anything without a status code as
 * 200 with that value as its JSON, and a malformed result 500.
 * Source: "Lambda function response for format 2.0" in the API Gateway developer guide for HTTP APIs.
 */
export function toResponse(result: unknown): HttpResponse {
  if (!isRecord(result) || result['statusCode'] === undefined) return infer(result);
  const { statusCode } = result;
  const headers = toHeaders(result['headers'], result['cookies']);
  const body = toBody(result['body'], result['isBase64Encoded']);
  if (!isStatus(statusCode) || headers === undefined || body === undefined) return refusal(500);
  const untyped = body.length > 0 && !headers.some(([name]) => name === 'content-type');
  return { statusCode, headers: untyped ? [...headers, DEFAULT_TYPE] : headers, body };
}

const DEFAULT_TYPE: Header = ['content-type', 'text/plain;charset=UTF-8'];

function infer(result: unknown): HttpResponse {
  const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
  return { statusCode: 200, headers: [['content-type', 'application/json']], body: Buffer.from(body) };
}

/** The header lines, or `undefined` when one is malformed. */
function toHeaders(given: unknown = {}, cookies: unknown = []): Header[] | undefined {
  if (!isRecord(given) || !Array.isArray(cookies)) return undefined;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
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

/** The bytes, or `undefined` when the body is malformed. */
function toBody(body: unknown, isBase64Encoded: unknown): Buffer | undefined {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return undefined;
  if (isBase64Encoded !== true) return Buffer.from(body);
  const bytes = Buffer.from(body, 'base64');
  // Node skips whatever is not base64, and would hide a function's mistake.
  return bytes.toString('base64') === body ? bytes : undefined;
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
