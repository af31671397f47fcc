interface RouteKey {
  method: string;
  path: string;
}

/** The route that a request takes, its key and what its path variables matched. */
export interface RouteMatch<R extends RouteKey = RouteKey> {
  route: R;
  /** Such as `GET /2.0/users/{id_user}`, or `$default`. */
  routeKey: string;
  /** Absent when the route has no path variable. */
  pathParameters?: Record<string, string>;
}

/**
 * Picks the most specific route for a method and a decoded path: a full match before a path variable, that before a
 * greedy one, `$default` last, and of one path the method itself before `ANY`.
 * Source: "Routing API requests" in the API Gateway developer guide for HTTP APIs.
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

/** Sorts after another route's where that one is the more specific; the first differing segment decides. */
function generality({ method, path }: RouteKey): string {
  if (path === '$default') return 'default';
  const segments = path.split('/').map((part) => (part.startsWith('{') ? (part.endsWith('+}') ? 2 : 1) : 0));
  return segments.join('') + (method === 'ANY' ? 1 : 0);
}
