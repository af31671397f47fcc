import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Call } from './call.ts';

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

/** Sends a browser on; RFC 9700, section 4.2.4: the address holds a state or a code, so no referrer and no cache. */
export function redirectAnswer({ requestId }: Call, location: string): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: 302,
    headers: { ...always, location, 'referrer-policy': 'no-referrer', 'x-request-id': requestId },
  };
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
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-request-id': requestId,
      ...headers,
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>This cannot go on</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#222}small{color:#666}</style>
<h1>This cannot go on</h1>
<p>${escapeHtml(text)}</p>
<p>Go back to the application that sent you here and begin again.</p>
<p><small>Request ${escapeHtml(requestId)}</small></p>
</html>
`,
  };
}

/** Plain text as text of a page, or of an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
