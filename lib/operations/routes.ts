import { basePath, type Needs, type Operation } from './table.ts';

/** One route of the HTTP API. */
export interface RouteKey {
  method: string;
  /** Such as `/2.0/users/{id_user}`, or `/docs`. */
  path: string;
  /** Unique among the function's routes: an operation has one path, a page one method. */
  name: string;
}

/** Returns the routes of an operation or a page. */
export function routesOf(row: Operation | Page): RouteKey[] {
  if ('paths' in row) {
    return row.paths.map((path) => ({ method: 'GET', path, name: path.slice(1).replaceAll('/', '-') }));
  }
  const methods = [row.method, ...(row.alsoMethod === undefined ? [] : [row.alsoMethod])];
  return methods.map((method) => ({ method, path: basePath + row.path, name: method }));
}

/** A function that serves public pages. */
export interface Page {
  /** The paths, relative to the origin. The method is `GET`. */
  paths: readonly string[];
  needs: Needs;
}

/** The table of functions that serve pages. An environment enables them in its settings. */
export const pages = {
  api_page_get: {
    paths: ['/docs', '/docs/scalar.js', '/openapi.json'],
    needs: { secrets: [], items: {}, settings: ['GATEWAY_URL'] },
  },
} as const satisfies Record<string, Page>;

/** The id of a page. */
export type PageId = keyof typeof pages;
