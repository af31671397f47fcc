import { basePath, type Needs, type Operation } from './table.ts';

/** One route of the API, as API Gateway tells calls apart. */
export interface RouteKey {
  method: string;
  /** Such as `/2.0/users/{id_user}`, or `/docs`. */
  path: string;
  /** What its function has no other route with: an operation has one path, a page one method. */
  name: string;
}

/** Every route of a function that answers callers. */
export function routesOf(row: Operation | Page): RouteKey[] {
  if ('paths' in row) {
    return row.paths.map((path) => ({ method: 'GET', path, name: path.slice(1).replaceAll('/', '-') }));
  }
  const methods = [row.method, ...(row.alsoMethod === undefined ? [] : [row.alsoMethod])];
  return methods.map((method) => ({ method, path: basePath + row.path, name: method }));
}

/** What a function needs that shows pages to whoever asks, and where they are. */
export interface Page {
  /** From the root, beside the API; all of them are `GET`. */
  paths: readonly string[];
  needs: Needs;
}

/** The table of functions that only show something. An environment has them if it says so. */
export const pages = {
  api_page_get: {
    paths: ['/docs', '/docs/scalar.js', '/openapi.json'],
    needs: { secrets: [], items: {}, settings: ['GATEWAY_URL'] },
  },
} as const satisfies Record<string, Page>;

/** The name of a row. */
export type PageId = keyof typeof pages;
