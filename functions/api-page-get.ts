import { createHash, randomBytes } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { env } from '#lib/config/env.ts';
import type { Handler } from '#lib/http/serve.ts';
import { openApiDocument } from '#lib/openapi/document.ts';
import { apiPage, contentSecurityPolicy } from '#lib/openapi/page.ts';
import type { pages } from '#lib/operations/routes.ts';

type Path = (typeof pages)['api_page_get']['paths'][number];

/** `GET /docs` with its script, and `GET /openapi.json`: the API's document, for people and for programs. */
export const handler: Handler = async ({ rawPath, headers }) => {
  const path = rawPath as Path; // API Gateway calls with no other paths.
  const answer = await answers[path]();
  const { etag, 'cache-control': caching = '' } = answer.headers ?? {};
  // RFC 9110, section 13.1.2: a list of tags, each weak or not.
  const isKnown = etag !== undefined && headers['if-none-match']?.includes(String(etag));
  return isKnown ? { statusCode: 304, headers: { etag, 'cache-control': caching } } : answer;
};

const answers: Record<Path, () => Promise<APIGatewayProxyStructuredResultV2>> = {
  async '/docs'() {
    const { hash } = await script();
    // Whoever could guess it could style the page.
    const nonce = randomBytes(16).toString('base64url');
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    };
    return { statusCode: 200, headers: { ...headers, ...always }, body: apiPage(`docs/scalar.js?${hash}`, nonce) };
  },

  async '/docs/scalar.js'() {
    const { base64, hash } = await script();
    // The page asks for it by its hash.
    const caching = { etag: `"${hash}"`, 'cache-control': 'public, max-age=31536000, immutable' };
    const headers = { 'content-type': 'text/javascript; charset=utf-8', 'content-encoding': 'gzip' };
    return { statusCode: 200, headers: { ...headers, ...caching, ...always }, body: base64, isBase64Encoded: true };
  },

  async '/openapi.json'() {
    return (document ??= shown(JSON.stringify(openApiDocument(env.gatewayUrl())), {
      'content-type': 'application/json',
    }));
  },
};

/** Made once per container. */
let document: APIGatewayProxyStructuredResultV2 | undefined;

/** It is large: who asks for the document alone does not wait for it. */
async function script(): Promise<{ base64: string; hash: string }> {
  return (await import('#lib/openapi/scalar.ts')).scalarScript;
}

const always = { 'x-content-type-options': 'nosniff' };

function shown(body: string, headers: Readonly<Record<string, string>>): APIGatewayProxyStructuredResultV2 {
  const hash = createHash('sha256').update(body).digest('base64url');
  const caching = { etag: `"${hash}"`, 'cache-control': 'public, max-age=300' };
  return { statusCode: 200, headers: { ...headers, ...caching, ...always }, body };
}
