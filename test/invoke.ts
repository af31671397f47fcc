import { randomUUID } from 'node:crypto';
import { basePath } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/invoke.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { parseTarget, selectRoute } from '#local/api-gateway/routes.ts';
import { loadRoutes } from '#local/routes.ts';
import { requireDocumented } from './documented.ts';

/** Headers, with names in lower case, and body of a request. */
export interface TestRequest {
  headers?: Record<string, string>;
  body?: string;
}

/** A response; `body` is the parsed JSON. */
export interface TestResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
  body: unknown;
}

/** Runs an operation's exported handler with the event that API Gateway creates from the request, and this remaining time. */
export async function invokeHandler(
  method: string,
  path: string,
  { headers = {}, body = '' }: TestRequest = {},
  remainingMs = 29_000,
): Promise<TestResponse> {
  const target = parseTarget(basePath + path);
  const match = target && selectRoute(await loadRoutes(), method, target.segments);
  if (target === undefined || match === undefined) throw new Error(`no route for ${method} ${path}`);
  const event = toEvent(
    {
      requestId: randomUUID(),
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method,
      protocol: 'HTTP/1.1',
      path: target.segments.join('/'),
      queryString: target.queryString,
      headers: Object.entries(headers),
      body: Buffer.from(body),
      sourceIp: '127.0.0.1',
      port: 443,
    },
    match,
  );
  const result = await match.route.handler(event, newContext(match.route.functionName, remainingMs));
  if (typeof result === 'string') throw new Error('the function did not return a structured result');
  const { statusCode = 0, headers: received = {}, body: text = '' } = result;
  const isJson = received['content-type'] === 'application/json';
  const response: TestResponse = {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(received).map(([name, value]) => [name, String(value)])),
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
  requireDocumented(method, path, response);
  return response;
}
