import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { GatewayError } from '../errors.ts';
import type { Call } from './call.ts';
import { refusalPage, refusalPagePolicy } from './refusal-page.ts';

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** An answer with a JSON body; nothing of it may be cached. */
export function jsonAnswer(
  { requestId }: Call,
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { ...always, 'content-type': 'application/json', 'x-request-id': requestId, ...headers },
    body: JSON.stringify(body),
  };
}

/** The answer of a call that succeeded: what the operation gave, or 204 when it gave nothing. */
export function success(call: Call, result: unknown): APIGatewayProxyStructuredResultV2 {
  if (result !== undefined) return jsonAnswer(call, 200, result);
  return { statusCode: 204, headers: { ...always, 'x-request-id': call.requestId } };
}

/** API Gateway refuses a response with more than 8 KB of headers. 512 bytes are reserved for the headers that it adds. */
const maxHeaderBytes = 8192 - 512;

/**
 * Sends a browser on; RFC 9700, section 4.2.4: the address holds a state or a code, so no referrer and no cache. Throws GatewayError
 * `badGateway` when the headers exceed what API Gateway allows: the request's fields are bounded, an address from upstream is not.
 */
export function redirectAnswer({ requestId }: Call, location: string): APIGatewayProxyStructuredResultV2 {
  const headers = { ...always, location, 'referrer-policy': 'no-referrer', 'x-request-id': requestId };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (lines.join('').length > maxHeaderBytes) {
    throw new GatewayError('badGateway', { detail: 'the redirect is longer than API Gateway allows' });
  }
  return { statusCode: 302, headers };
}

/** A page for the person at the browser; `text` is plain text. */
export function pageAnswer(
  { requestId }: Call,
  statusCode: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: {
      ...always,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': refusalPagePolicy,
      'referrer-policy': 'no-referrer',
      'x-request-id': requestId,
      ...headers,
    },
    body: refusalPage({ status: statusCode, why: escapeHtml(text), request: escapeHtml(requestId) }),
  };
}

/** Plain text as text of a page, or of an attribute in quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
