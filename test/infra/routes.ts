import { functionName } from '#lib/operations/table.ts';
import { expectations } from '../operations/expectations.ts';
import type { Synthesized } from './synthesized.ts';

/** The routes of operations and their functions. */
export const operationRoutes = Object.fromEntries(
  Object.entries(expectations).flatMap(([id, { routes }]) =>
    routes.map((route) => [route.replace(' ', ' /2.0'), functionName(id)]),
  ),
);

const pageRoutes = {
  'GET /docs': 'api-page-get',
  'GET /docs/scalar.js': 'api-page-get',
  'GET /openapi.json': 'api-page-get',
};

/** The routes of an environment and their functions. */
export const routesOf = ({ settings }: Synthesized): Record<string, string> => ({
  ...operationRoutes,
  ...(settings.apiPage && pageRoutes),
});
