import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';

const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Returns a JSON response that must not be cached. */
export function jsonResponse(
  { requestId }: Call,
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { ...commonHeaders, 'content-type': 'application/json', 'x-request-id': requestId, ...headers },
    body: JSON.stringify(body),
  };
}

/** Returns the response of a successful call: 200 with the operation's result, or 204 without one. */
export function success(call: Call, result: unknown): APIGatewayProxyStructuredResultV2 {
  if (result !== undefined) return jsonResponse(call, 200, result);
  return { statusCode: 204, headers: { ...commonHeaders, 'x-request-id': call.requestId } };
}

/** API Gateway rejects responses with more than 8 KB of headers. 512 bytes are reserved for the headers that it adds. */
const maxHeaderBytes = 8192 - 512;

/**
 * Returns a redirect without referrer and cache, as its address contains a state or a code (RFC 9700, section 4.2.4). Throws GatewayError
 * `badGateway` when the headers exceed API Gateway's limit: the request's fields are bounded, an address from upstream is not.
 */
export function redirectResponse({ requestId }: Call, location: string): APIGatewayProxyStructuredResultV2 {
  const headers = { ...commonHeaders, location, 'referrer-policy': 'no-referrer', 'x-request-id': requestId };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (lines.join('').length > maxHeaderBytes) {
    throw new GatewayError('badGateway', { detail: 'the redirect is longer than API Gateway allows' });
  }
  return { statusCode: 302, headers };
}

/** Returns an error page for a browser. `text` is plain text. */
export function pageResponse(
  { requestId }: Call,
  statusCode: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: {
      ...commonHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': errorPagePolicy,
      'referrer-policy': 'no-referrer',
      'x-request-id': requestId,
      ...headers,
    },
    body: errorPage({ status: statusCode, why: escapeHtml(text), request: escapeHtml(requestId) }),
  };
}

/** Escapes text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root{color-scheme:light dark;--text:#1b2430;--soft:#566273;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e8edf4;--soft:#a3afbf;--ground:#14181f}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.25em;background:var(--ground);color:var(--text)}
h1{font-size:1.5rem;line-height:1.25}
small{color:var(--soft);overflow-wrap:anywhere}
`;

/** Content-Security-Policy of the error page: allows its style sheet, by hash, and nothing else. */
const errorPagePolicy =
  "default-src 'none'; style-src 'sha256-yItBIU61lBYkleF57TqWOyjfNDWdagcFxUf5g13ClZw='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Returns the HTML of the error page. The texts must be escaped already. */
function errorPage({ status, why, request }: { status: number; why: string; request: string }): string {
  const [title, advice] =
    status < 500 && status !== 429
      ? ['This request cannot be completed', 'Return to the application that sent you here and start again.']
      : ['Something went wrong', 'Wait a minute, then return to the application that sent you here and start again.'];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
<main>
<h1>${title}</h1>
<p>${why}</p>
<p>${advice}</p>
<p>If the problem persists, contact the support of that application and quote this number:</p>
<p><small>Request ${request}</small></p>
</main>
</html>
`;
}
