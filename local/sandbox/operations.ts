import { functionName, operations, type OperationId } from '#lib/operations/table.ts';
import type { Operation } from './call.ts';

/** The operations of Budgea; the gateway's own callback is not one of them. */
const ids = (Object.keys(operations) as OperationId[]).filter((id) => id !== 'webauth_callback_get');

/** The route of each operation, with its path in Fastify's form, such as `/users/:id_user`. */
export const operationRoutes = await Promise.all(
  ids.map(async (id) => {
    const { method, path } = operations[id];
    return { method, path: path.replaceAll(/\{(\w+)\}/g, ':$1'), run: await load(id) };
  }),
);

/** Loads an operation from its file, which exports nothing else. Rejects when there is no such file. */
async function load(id: OperationId): Promise<Operation> {
  const exported = (await import(`./operations/${functionName(id)}.ts`)) as Record<string, Operation>;
  const [operation] = Object.values(exported);
  if (operation === undefined) throw new Error(`local/sandbox/operations/${functionName(id)}.ts exports no operation`);
  return operation;
}
