import { basePath, type Operation } from './operations.ts';
import type { Page } from './pages.ts';

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
