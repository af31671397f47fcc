import { basePath, functionName, operations, type Operation } from '../lib/operations.ts';
import type { Handler } from '../lib/http/serve.ts';
import type { Route } from './api-gateway/server.ts';

/** Every route of the table with its function, loaded from `functions/`. The functions' environment has to be set before. */
export async function loadRoutes(): Promise<Route[]> {
  const rows: [string, Operation][] = Object.entries(operations);
  const routes = rows.map(async ([id, { method, alsoMethod, path }]) => {
    const name = functionName(id);
    // Every function file exports its handler.
    const { handler } = (await import(`../functions/${name}.ts`)) as { handler: Handler };
    const methods = alsoMethod === undefined ? [method] : [method, alsoMethod];
    return methods.map((each) => ({ method: each, path: basePath + path, functionName: name, handler }));
  });
  return (await Promise.all(routes)).flat();
}
