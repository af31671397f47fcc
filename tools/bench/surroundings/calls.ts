import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { basePath, operations, type OperationId } from '#lib/operations/table.ts';
import { toEvent } from '#local/api-gateway/event.ts';

/** One call of an operation, as a partner's program makes it. */
export interface Call {
  operation: OperationId;
  /** What stands for the parameters of the operation's path. */
  parameters?: Readonly<Record<string, string>>;
  query?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** The path of a call, `/2.0` included. */
export function pathOf({ operation, parameters = {} }: Call): string {
  return basePath + operations[operation].path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '');
}

/** The event that API Gateway makes of a call. */
export function eventOf(call: Call): APIGatewayProxyEventV2 {
  const { operation, parameters, query = '', headers = {}, body = '' } = call;
  const { method, path } = operations[operation];
  return toEvent(
    {
      requestId: randomUUID(),
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method,
      protocol: 'HTTP/1.1',
      path: pathOf(call),
      queryString: query,
      headers: Object.entries({ host: 'gateway.example', accept: 'application/json', ...headers }),
      body: Buffer.from(body),
      sourceIp: '192.0.2.1',
      port: 443,
    },
    {
      routeKey: `${method} ${basePath}${path}`,
      ...(parameters !== undefined && { pathParameters: { ...parameters } }),
    },
  );
}
