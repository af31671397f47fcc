import { randomUUID } from 'node:crypto';
import { callDynamoDb, useItemClient } from '#lib/aws/table.ts';
import type { Handler } from '#lib/http/serve.ts';
import { basePath, type OperationId, operations } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/context.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { selectRoute } from '#local/api-gateway/routes.ts';
import { loadRoutes } from '#local/routes.ts';
import type { Call } from './examples.ts';

/** Lines of the functions' log. */
export const caught: string[] = [];
process.stderr.write = (chunk: string | Uint8Array) => caught.push(String(chunk)) > 0;

const routes = await loadRoutes();

const items = { reads: 0, writes: 0 };
useItemClient((operation, input) => {
  if (operation === 'GetItem') items.reads += 1;
  else items.writes += 1;
  return callDynamoDb(operation, input);
});

/** How many items were read and written so far. */
export const countItems = () => ({ ...items });

/** Invokes an operation's function as API Gateway does. Throws when it fails: a refusal is not what is measured. */
export async function invoke(id: OperationId, { path, query = '', headers = {}, body = '' }: Call): Promise<void> {
  const { method } = operations[id];
  const match = selectRoute(routes, method, (basePath + path).split('/'));
  if (match === undefined) throw new Error(`no route for ${path}`);
  const event = toEvent(
    {
      requestId: randomUUID(),
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method,
      protocol: 'HTTP/1.1',
      path: basePath + path,
      queryString: query,
      headers: Object.entries({ ...headers, 'user-agent': 'a partner’s client' }),
      body: Buffer.from(body),
      sourceIp: '192.0.2.1',
      port: 443,
    },
    match,
  );
  const { statusCode, body: answered } = await (match.route.handler as Handler)(
    // Of this project's functions.
    event,
    newContext(match.route.functionName, 29_000),
  );
  if ((statusCode ?? 500) >= 400) throw new Error(`${id} answered ${statusCode}: ${answered}`);
}
