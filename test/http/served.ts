import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { serve, type Endpoint } from '#lib/http/serve.ts';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/context.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { requireDocumented } from '../documented.ts';
import type { Answer } from '../invoke.ts';

/** A request, its body in bytes. */
export interface Sent {
  headers?: Record<string, string>;
  query?: string;
  body?: Buffer | string;
  /** The row's own, unless it is the second one. */
  method?: 'POST';
  pathParameters?: Record<string, string>;
}

/** An answer and the log lines of its call. */
export interface Served extends Answer {
  requestId: string;
  lines: Record<string, unknown>[];
}

process.env['ENVIRONMENT'] = 'test';

/**
 * Runs the whole middleware stack of an operation around an endpoint of the test's own. Every partner key that is well-formed belongs to a
 * partner without grants, so that nothing but the stack is asked.
 */
export async function serveOnce<Id extends OperationId>(
  id: Id,
  endpoint: Endpoint<Id>,
  { headers = {}, query = '', body = '', pathParameters, ...sent }: Sent = {},
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
  const { method = operations[id].method } = sent;
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
  const { statusCode = 0, headers: answered = {}, body: text = '' } = result;
  const answer: Answer = {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(answered).map(([name, value]) => [name, String(value)])),
    text,
    body: answered['content-type'] === 'application/json' ? JSON.parse(text) : undefined,
  };
  // What the test's own endpoint gives need not be what the operation gives.
  if (statusCode >= 400) requireDocumented(method, path, answer);
  return {
    ...answer,
    requestId: context.awsRequestId,
    lines,
  };
}

/** A caller whose token no partner is asked about. */
export const asToken = { authorization: 'Bearer c29tZWJvZHkncyB0b2tlbg==' };

async function withLogs<T>(run: () => Promise<T>): Promise<{ result: T; lines: Record<string, unknown>[] }> {
  let text = '';
  const writing = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const result = await run().finally(() => writing.mockRestore());
  // Every line ends, and is JSON by itself.
  const lines = text.split('\n').slice(0, -1);
  return { result, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
