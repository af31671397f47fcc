import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { serve, type Endpoint } from '#lib/http/serve.ts';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/invoke.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { requireDocumented } from '../documented.ts';
import type { TestResponse } from '../invoke.ts';

/** A request, with a body in bytes. */
export interface ServeRequest {
  headers?: Record<string, string>;
  query?: string;
  body?: Buffer | string;
  /** The additional method of the operation. */
  method?: 'POST';
  pathParameters?: Record<string, string>;
}

/** A response and the log lines of its call. */
export interface Served extends TestResponse {
  requestId: string;
  lines: Record<string, unknown>[];
}

process.env['ENVIRONMENT'] = 'test';

/** Runs the middleware stack of an operation with a test endpoint. Every well-formed partner key belongs to a partner without grants. */
export async function serveOnce<Id extends OperationId>(
  id: Id,
  endpoint: Endpoint<Id>,
  { headers = {}, query = '', body = '', pathParameters, ...request }: ServeRequest = {},
  trackUse: () => Promise<void> = async () => undefined,
): Promise<Served> {
  const handler = serve(id, endpoint, async (kind, key) => ({
    kind,
    clientId: key?.clientId ?? '',
    keyId: '12345678',
    trackUse,
    allows: async () => false,
  }));
  const { path } = operations[id];
  const { method = operations[id].method } = request;
  const event = toEvent(
    {
      requestId: randomUUID(),
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method,
      protocol: 'HTTP/1.1',
      path: `/2.0${path}`,
      queryString: query,
      headers: Object.entries(headers),
      body: Buffer.from(body),
      sourceIp: '127.0.0.1',
      port: 443,
    },
    { routeKey: `${method} /2.0${path}`, ...(pathParameters && { pathParameters }) },
  );
  const context = newContext(id, 29_000);
  const { result, lines } = await withLogs(() => handler(event, context));
  const { statusCode = 0, headers: received = {}, body: text = '' } = result;
  const response: TestResponse = {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(received).map(([name, value]) => [name, String(value)])),
    text,
    body: received['content-type'] === 'application/json' ? JSON.parse(text) : undefined,
  };
  // The result of the test endpoint need not be one of the operation.
  if (statusCode >= 400) requireDocumented(method, path, response);
  return { ...response, requestId: context.awsRequestId, lines };
}

/** The headers of a caller with a user token. */
export const asToken = { authorization: 'Bearer c29tZWJvZHkncyB0b2tlbg==' };

async function withLogs<T>(run: () => Promise<T>): Promise<{ result: T; lines: Record<string, unknown>[] }> {
  let text = '';
  const writing = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const result = await run().finally(() => writing.mockRestore());
  // Every line is complete JSON and ends with a line feed.
  const lines = text.split('\n').slice(0, -1);
  return { result, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
