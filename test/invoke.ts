import { randomUUID } from 'node:crypto';
import { basePath } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/context.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { selectRoute } from '#local/api-gateway/routes.ts';
import { parseTarget } from '#local/api-gateway/target.ts';
import { loadRoutes } from '#local/routes.ts';
import { requireDocumented } from './documented.ts';

/** What a test sends along; header names in lower case. */
export interface TestRequest {
  headers?: Record<string, string>;
  body?: string;
}

/** An answer, whichever way it came; `body` is the parsed JSON of one. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  body: unknown;
}

/** Runs an operation's exported handler with the event that API Gateway would make of the request, and this much time to live. */
export async function invokeHandler(
  method: string,
  path: string,
  { headers = {}, body = '' }: TestRequest = {},
  remainingMs = 29_000,
): Promise<Answer> {
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
  if (typeof result === 'string') throw new Error('a gateway function answers with a structured result');
  const { statusCode = 0, headers: answered = {}, body: text = '' } = result;
  const isJson = answered['content-type'] === 'application/json';
  const answer: Answer = {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(answered).map(([name, value]) => [name, String(value)])),
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
  requireDocumented(method, path, answer);
  return answer;
}
