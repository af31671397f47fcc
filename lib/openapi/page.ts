import { createHash } from 'node:crypto';
import { title } from './descriptions.ts';
import { type Document, openApiDocument } from './document.ts';

/**
 * The page that shows the API to people: Scalar makes it of `openapi.json` beside it, in the browser. `script` is the address of Scalar's script,
 * `nonce` what the policy knows this one page by. The key that someone pastes there stays in the tab's memory and goes to the gateway alone.
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
<noscript>This page needs JavaScript. The same is told by <a href="openapi.json">the OpenAPI document</a>.</noscript>
<script>${before}</script>
<script src="${script}"></script>
<script>${after}</script>
</body>
</html>
`;
}

/** Lets the browser run the page's scripts, use the style sheets that they make and ask where the page came from, and nothing else. */
export function contentSecurityPolicy(nonce: string): string {
  const scripts = [before, after].map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${scripts.join(' ')}`,
    `style-src-elem 'nonce-${nonce}'`,
    // Scalar writes the width of line numbers into the code that it shows.
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** What Scalar and the libraries within it would else do in ways that a strict policy forbids. */
const before = `
// Zod would try whether it may make functions of text.
globalThis.__zod_globalConfig = { jitless: true };
// Style sheets that a script of this page makes are this page's.
const { content: nonce } = document.querySelector('meta[property=csp-nonce]');
const { createElement } = document;
document.createElement = function (...given) {
  return Object.assign(createElement.apply(this, given), given[0] === 'style' && { nonce });
};
`;

/** Scalar's own colours are too pale for small text. */
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
  // Scalar's own servers are asked for nothing.
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  persistAuth: false,
  // A partner's key alone is enough for almost every operation.
  authentication: { preferredSecurityScheme: 'bearer_key' },
  defaultOpenAllTags: true,
  documentDownloadType: 'json',
  hideModels: true,
  customCss,
};

// The page may be seen under another name than the document has for the gateway; calls go to where the page came from.
const after = `
Scalar.createApiReference('#app', {
  ...${JSON.stringify(configuration)},
  url: new URL('openapi.json', document.baseURI).href,
  servers: [{ url: new URL('2.0', document.baseURI).href }],
});
`;

/** The document as `docs/openapi.json` has it, of a gateway at an address that stands for every partner’s. */
export const publishedDocument = (): Document => openApiDocument('https://gateway.example/2.0');
