import { createHash, randomBytes } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { env } from '#lib/config/env.ts';
import type { Handler } from '#lib/http/serve.ts';
import { openApiDocument } from '#lib/openapi/document.ts';
import { apiPage, contentSecurityPolicy } from '#lib/openapi/page.ts';
import type { pages } from '#lib/operations/routes.ts';

type Path = (typeof pages)['api_page_get']['paths'][number];

/** `GET /docs`, `GET /docs/scalar.js` and `GET /openapi.json`: the API's documentation as a page and as OpenAPI. */
export const handler: Handler = async ({ rawPath, headers }) => {
  const path = rawPath as Path; // API Gateway has no other routes to this function.
  const response = await routes[path]();
  const { etag, 'cache-control': caching = '' } = response.headers ?? {};
  // RFC 9110, section 13.1.2: a list of weak or strong tags.
  const isCached = etag !== undefined && headers['if-none-match']?.includes(String(etag));
  return isCached ? { statusCode: 304, headers: { etag, 'cache-control': caching } } : response;
};

const routes: Record<Path, () => Promise<APIGatewayProxyStructuredResultV2>> = {
  async '/docs'() {
    const { hash } = await script();
    // Unpredictable, so that only the page's own styles are allowed.
    const nonce = randomBytes(16).toString('base64url');
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    };
    return {
      statusCode: 200,
      headers: { ...headers, ...commonHeaders },
      body: apiPage(`docs/scalar.js?${hash}`, nonce),
    };
  },

  async '/docs/scalar.js'() {
    const { base64, hash } = await script();
    // The URL contains the hash.
    const caching = { etag: `"${hash}"`, 'cache-control': 'public, max-age=31536000, immutable' };
    const headers = { 'content-type': 'text/javascript; charset=utf-8', 'content-encoding': 'gzip' };
    return {
      statusCode: 200,
      headers: { ...headers, ...caching, ...commonHeaders },
      body: base64,
      isBase64Encoded: true,
    };
  },

  async '/openapi.json'() {
    return (document ??= openApiResponse(JSON.stringify(openApiDocument(env.gatewayUrl()))));
  },
};

/** Created once per container. */
let document: APIGatewayProxyStructuredResultV2 | undefined;

/** Loads the script, which is large, only for the requests that need it. */
async function script(): Promise<{ base64: string; hash: string }> {
  return (await import('#lib/openapi/scalar.ts')).scalarScript;
}

const commonHeaders = { 'x-content-type-options': 'nosniff' };

function openApiResponse(body: string): APIGatewayProxyStructuredResultV2 {
  const hash = createHash('sha256').update(body).digest('base64url');
  const caching = { etag: `"${hash}"`, 'cache-control': 'public, max-age=300' };
  return { statusCode: 200, headers: { 'content-type': 'application/json', ...caching, ...commonHeaders }, body };
}
