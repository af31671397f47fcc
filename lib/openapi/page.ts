import { createHash } from 'node:crypto';
import { title } from './descriptions.ts';
import { openApiDocument } from './document.ts';
import { type Document } from './schema.ts';

/**
 * Returns the HTML of the API page, on which Scalar renders `openapi.json` in the browser. `script` is the address of Scalar's script, `nonce` the
 * nonce of {@link contentSecurityPolicy}. A key that is entered on the page stays in the tab's memory and is sent to the gateway only.
 */
export function apiPage(script: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}">
<title>${title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. The API is also described by <a href="openapi.json">the OpenAPI document</a>.</noscript>
<script>${before}</script>
<script src="${script}"></script>
<script>${after}</script>
</body>
</html>
`;
}

/** Returns the page's Content-Security-Policy: its own scripts, style sheets with the nonce, and connections to its own origin. */
export function contentSecurityPolicy(nonce: string): string {
  const scripts = [before, after].map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${scripts.join(' ')}`,
    `style-src-elem 'nonce-${nonce}'`,
    // Scalar sets the width of line numbers in style attributes.
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Adapts Scalar and its libraries to the policy. */
const before = `
// Zod would otherwise test whether the policy permits \`eval\`.
globalThis.__zod_globalConfig = { jitless: true };
// Style sheets that scripts create get the page's nonce.
const { content: nonce } = document.querySelector('meta[property=csp-nonce]');
const { createElement } = document;
document.createElement = function (...args) {
  return Object.assign(createElement.apply(this, args), args[0] === 'style' && { nonce });
};
`;

/** Scalar's default colours do not have enough contrast for small text. */
const customCss = `
.light-mode {
  --scalar-color-2: #4d5563; --scalar-color-3: #5d6675;
  --scalar-color-green: #046c49; --scalar-color-red: #b80008; --scalar-color-blue: #005c99; --scalar-color-orange: #9a3a00;
}
.dark-mode {
  --scalar-color-2: #bcc3ce; --scalar-color-3: #a5adba;
  --scalar-color-green: #2fcf7c; --scalar-color-red: #ff7b78; --scalar-color-blue: #6cc0f2; --scalar-color-orange: #ffa06b;
}
`;

const configuration = {
  // No requests to Scalar's servers.
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  persistAuth: false,
  // The bearer key is accepted by almost every operation.
  authentication: { preferredSecurityScheme: 'bearer_key' },
  defaultOpenAllTags: true,
  documentDownloadType: 'json',
  hideModels: true,
  customCss,
};

// The page can be served under another host name than the document's; calls go to the page's own origin.
const after = `
Scalar.createApiReference('#app', {
  ...${JSON.stringify(configuration)},
  url: new URL('openapi.json', document.baseURI).href,
  servers: [{ url: new URL('2.0', document.baseURI).href }],
});
`;

/** Returns the document in `docs/openapi.json`, with a placeholder for the gateway's address. */
export const publishedDocument = (): Document => openApiDocument('https://gateway.example/2.0');
