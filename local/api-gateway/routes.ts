import type { IncomingMessage, ServerResponse } from 'node:http';

interface RouteKey {
  method: string;
  path: string;
}

/** The route of a request, its key, and the values of its path variables. */
export interface RouteMatch<R extends RouteKey = RouteKey> {
  route: R;
  /** Such as `GET /2.0/users/{id_user}`, or `$default`. */
  routeKey: string;
  /** Absent when the route has no path variable. */
  pathParameters?: Record<string, string>;
}

/** A route that the local server answers itself, outside the API's base path, such as the console's. */
export interface ExtraRoute extends RouteKey {
  /** Answers the request. A response that never ends is cut off when the server stops. */
  serve(request: IncomingMessage, response: ServerResponse, parameters: Readonly<Record<string, string>>): void;
}

/**
 * Parses a request target in origin or absolute form: `segments` are decoded, the first one is empty. Returns undefined when the path is
 * not percent-encoded UTF-8.
 */
export function parseTarget(url: string): { segments: string[]; queryString: string } | undefined {
  const [path = '', ...query] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  try {
    // Decoded after the split: an encoded slash stays inside its segment.
    return { segments: (path || '/').split('/').map(decodeURIComponent), queryString: query.join('?') };
  } catch {
    return undefined;
  }
}

/**
 * Selects the most specific route: a full match before a path variable, then a greedy variable, then `$default`; the exact method before
 * `ANY`. Source: "Routing API requests" in the API Gateway developer guide for HTTP APIs.
 */
export function selectRoute<R extends RouteKey>(
  routes: readonly R[],
  method: string,
  segments: readonly string[],
): RouteMatch<R> | undefined {
  let best: RouteMatch<R> | undefined;
  for (const route of routes) {
    if (route.method !== method && route.method !== 'ANY' && route.path !== '$default') continue;
    const variables = matchPath(route.path, segments);
    if (variables === undefined) continue;
    if (best !== undefined && generality(best.route) <= generality(route)) continue;
    best = {
      route,
      routeKey: route.path === '$default' ? '$default' : `${route.method} ${route.path}`,
      ...(variables.length > 0 && { pathParameters: Object.fromEntries(variables) }),
    };
  }
  return best;
}

function matchPath(path: string, segments: readonly string[]): [name: string, value: string][] | undefined {
  if (path === '$default') return [];
  const variables: [string, string][] = [];
  const pattern = path.split('/');
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    const variable = /^\{([^}+]+)(\+?)\}$/.exec(part);
    if (segment === undefined) return undefined;
    if (variable === null) {
      if (part !== segment) return undefined;
      continue;
    }
    const [, name = '', greedy] = variable;
    const value = greedy === '+' ? segments.slice(index).join('/') : segment;
    if (value === '') return undefined;
    variables.push([name, value]);
    if (greedy === '+') return variables;
  }
  return pattern.length === segments.length ? variables : undefined;
}

/** A sort key: of two routes that match, the more specific one sorts first. */
function generality({ method, path }: RouteKey): string {
  if (path === '$default') return 'default';
  const segments = path.split('/').map((part) => (part.startsWith('{') ? (part.endsWith('+}') ? 2 : 1) : 0));
  return segments.join('') + (method === 'ANY' ? 1 : 0);
}
