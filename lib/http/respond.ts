import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { GatewayError } from '../errors.ts';
import type { Call } from '../operations/call.ts';

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** An answer with a JSON body; nothing of it may be cached. */
export function jsonResponse(
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
  if (result !== undefined) return jsonResponse(call, 200, result);
  return { statusCode: 204, headers: { ...always, 'x-request-id': call.requestId } };
}

/** API Gateway refuses a response with more than 8 KB of headers. 512 bytes are reserved for the headers that it adds. */
const maxHeaderBytes = 8192 - 512;

/**
 * Sends a browser on; RFC 9700, section 4.2.4: the address holds a state or a code, so no referrer and no cache. Throws GatewayError
 * `badGateway` when the headers exceed what API Gateway allows: the request's fields are bounded, an address from upstream is not.
 */
export function redirectResponse({ requestId }: Call, location: string): APIGatewayProxyStructuredResultV2 {
  const headers = { ...always, location, 'referrer-policy': 'no-referrer', 'x-request-id': requestId };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (lines.join('').length > maxHeaderBytes) {
    throw new GatewayError('badGateway', { detail: 'the redirect is longer than API Gateway allows' });
  }
  return { statusCode: 302, headers };
}

/** A page for the person at the browser; `text` is plain text. */
export function pageResponse(
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
      'content-security-policy': errorPagePolicy,
      'referrer-policy': 'no-referrer',
      'x-request-id': requestId,
      ...headers,
    },
    body: errorPage({ status: statusCode, why: escapeHtml(text), request: escapeHtml(requestId) }),
  };
}

/** Plain text as text of a page, or of an attribute in quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root{color-scheme:light dark;--text:#1b2430;--soft:#566273;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e8edf4;--soft:#a3afbf;--ground:#14181f}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.25em;background:var(--ground);color:var(--text)}
h1{font-size:1.5rem;line-height:1.25}
small{color:var(--soft);overflow-wrap:anywhere}
`;

/** Lets a browser use the page's style sheet, whose hash this is, and nothing else. */
export const errorPagePolicy =
  "default-src 'none'; style-src 'sha256-yItBIU61lBYkleF57TqWOyjfNDWdagcFxUf5g13ClZw='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page that tells a person why a call was refused, and what to do. The texts are HTML already. */
export function errorPage({ status, why, request }: { status: number; why: string; request: string }): string {
  const [title, advice] =
    status < 500 && status !== 429
      ? ['You cannot go on from here', 'Go back to the application that sent you here and begin again.']
      : ['This did not work', 'Wait a minute, then go back to the application that sent you here and begin again.'];
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
<p>If it happens again, tell the makers of that application, and give them this number:</p>
<p><small>Request ${request}</small></p>
</main>
</html>
`;
}
