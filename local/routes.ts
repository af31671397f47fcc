import { functionName, operations } from '#lib/operations/table.ts';
import { pages, routesOf } from '#lib/operations/routes.ts';
import type { Handler } from '#lib/http/serve.ts';
import type { Route } from './api-gateway/server.ts';

/** Loads every route with its function from `functions/`. The functions' environment must be set before. */
export async function loadRoutes(): Promise<Route[]> {
  const routes = Object.entries({ ...operations, ...pages }).map(async ([id, row]) => {
    const name = functionName(id);
    // Every function file exports its handler.
    const { handler } = (await import(`../functions/${name}.ts`)) as { handler: Handler };
    return routesOf(row).map(({ method, path }) => ({ method, path, functionName: name, handler }));
  });
  return (await Promise.all(routes)).flat();
}
