import { createHash } from 'node:crypto';
import { env } from '../lib/env.ts';
import type { Handler } from '../lib/http/serve.ts';
import { openApiDocument } from '../lib/openapi.ts';
import { apiPage } from '../lib/openapi/page.ts';
import { contentSecurityPolicy } from '../lib/openapi/style.ts';
import { basePath } from '../lib/operations.ts';
import type { pages } from '../lib/pages.ts';

type Path = (typeof pages)['api_page_get']['paths'][number];

/** What is shown, with the headers that go with it. */
interface Shown {
  body: string;
  caching: { etag: string; 'cache-control': string };
  headers: Readonly<Record<string, string>>;
}

let shown: Record<Path, Shown> | undefined;

/** `GET /docs` and `GET /openapi.json`: the API's document, for people and for programs. Both are made once per container. */
export const handler: Handler = async ({ rawPath, headers }) => {
  shown ??= make(env.gatewayUrl());
  // API Gateway calls with no other paths.
  const { body, caching, headers: own } = shown[rawPath.slice(basePath.length) as Path];
  // RFC 9110, section 13.1.2: a list of tags, each weak or not.
  const isKnown = headers['if-none-match']?.includes(caching.etag) ?? false;
  return isKnown ? { statusCode: 304, headers: caching } : { statusCode: 200, headers: { ...own, ...caching }, body };
};

function make(url: string): Record<Path, Shown> {
  const document = openApiDocument(url);
  return {
    '/docs': show(apiPage(document, 'openapi.json'), {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(),
      'referrer-policy': 'no-referrer',
    }),
    '/openapi.json': show(JSON.stringify(document), { 'content-type': 'application/json' }),
  };
}

function show(body: string, headers: Readonly<Record<string, string>>): Shown {
  const hash = createHash('sha256').update(body).digest('base64url');
  const caching = { etag: `"${hash}"`, 'cache-control': 'public, max-age=300' };
  return { body, caching, headers: { ...headers, 'x-content-type-options': 'nosniff' } };
}
