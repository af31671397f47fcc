import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, requireLoopback, type RunningServer } from '../loopback.ts';
import { trackConnections } from './connections.ts';
import { newRequestId, newTraceId, toEvent } from './event.ts';
import { FAILED, invoke, within, type LambdaHandler } from './invoke.ts';
import { headError, headerLines, readBody } from './request.ts';
import { answerClientError, errorResponse, toResponse, type HttpResponse } from './response.ts';
import { parseTarget, selectRoute, type ExtraRoute } from './routes.ts';
import { createThrottle, type Throttling } from './throttle.ts';

export type { LambdaHandler } from './invoke.ts';

/** A route of the API and the function that it invokes. */
export interface Route {
  /** An HTTP method, or `ANY`. */
  method: string;
  /** Such as `/2.0/users/{id_user}`; it may end with `{proxy+}`. `$default` matches every other request. */
  path: string;
  functionName: string;
  handler: LambdaHandler;
}

/** The routes of an API and its limits. */
export interface ApiGatewayOptions {
  /** 0 selects a free port. */
  port: number;
  routes: Route[];
  extraRoutes?: readonly ExtraRoute[];
  /** The maximum number of concurrent functions; one more request is answered 429. Unlimited by default. */
  maxConcurrency?: number;
  /** The requests that each route accepts; one more is answered 429 and logged. Unlimited by default. */
  throttling?: Throttling | undefined;
  /** The integration timeout: 30 seconds by default, the service's maximum. */
  timeoutMs?: number;
  /** The function timeout, which its context reports: 29 seconds by default. */
  functionTimeoutMs?: number;
}

/** The largest request body: 10 MB. Source: "Quotas for configuring and running an HTTP API". */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** The time a caller has to send a complete request. */
const MAX_REQUEST_MS = 30_000;

/**
 * Starts an HTTP server on loopback that runs each route's function in this process, as an API Gateway HTTP API with Lambda proxy
 * integrations (payload format 2.0) on the `$default` stage does. Rejects when the port is in use.
 */
export async function startApiGateway(options: ApiGatewayOptions): Promise<RunningServer> {
  const { routes, extraRoutes = [], maxConcurrency = Infinity, throttling } = options;
  const { timeoutMs = 30_000, functionTimeoutMs = 29_000 } = options;
  const accepts = throttling === undefined ? () => true : createThrottle(throttling);
  const running = new Set<Promise<unknown>>();
  const server = createServer({
    maxHeaderSize: 64 * 1024, // Above the service's own limit, which `headError` enforces.
    requestTimeout: MAX_REQUEST_MS,
    headersTimeout: MAX_REQUEST_MS,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 60_000,
  });
  const connections = trackConnections(server);

  server.on('request', (request, response) => {
    const target = parseTarget(request.url ?? '/');
    const extra = target && selectRoute(extraRoutes, request.method ?? '', target.segments);
    if (extra !== undefined) return extra.route.serve(request, response, extra.pathParameters ?? {});
    const requestId = newRequestId();
    answer(request, response, requestId).then(
      (answered) => send(response, answered, requestId),
      () => (request.destroyed ? response.destroy() : send(response, errorResponse(500), requestId)),
    );
  });
  server.on('clientError', (error, socket) => {
    if (connections.isHeld(socket)) socket.destroy();
    else answerClientError(error, socket, newRequestId());
  });
  requireLoopback(server, (message) => ({ type: 'application/json', body: JSON.stringify({ message }) }));

  const { url, port } = await listen(server, options.port);
  let closing: Promise<void> | undefined;
  return { url, port, close: () => (closing ??= shutDown()) };

  async function answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<HttpResponse> {
    const receivedAt = new Date();
    const { method = '', url: requestTarget = '/', httpVersion, rawHeaders, socket } = request;
    const headers = headerLines(rawHeaders);
    const tooLarge = headError(`${method} ${requestTarget} HTTP/${httpVersion}`, headers);
    if (tooLarge !== undefined) return errorResponse(tooLarge);

    const target = parseTarget(requestTarget);
    if (target === undefined) return errorResponse(400);
    const match = selectRoute(routes, method, target.segments);
    if (match === undefined) return errorResponse(404);
    if (!accepts(match.routeKey)) {
      logThrottled({ time: receivedAt.toISOString(), request_id: requestId, route: match.routeKey });
      return errorResponse(429);
    }
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === undefined) return errorResponse(413);
    if (running.size >= maxConcurrency) return errorResponse(429);

    const event = toEvent(
      {
        requestId,
        traceId: newTraceId(receivedAt),
        receivedAt,
        method,
        protocol: `HTTP/${httpVersion}`,
        path: target.segments.join('/'),
        queryString: target.queryString,
        headers,
        body,
        sourceIp: socket.remoteAddress ?? '',
        port,
      },
      match,
    );
    connections.hold(socket, response);
    // A function that outlives the integration timeout still counts as running.
    const invocation = invoke(match.route, event, functionTimeoutMs);
    running.add(invocation);
    void invocation.finally(() => running.delete(invocation));
    const result = await within(timeoutMs, invocation, LATE);
    if (result === LATE) return errorResponse(503);
    return result === FAILED ? errorResponse(500) : toResponse(result);
  }

  function send(response: ServerResponse, { statusCode, headers, body }: HttpResponse, requestId: string): void {
    const all = [...headers, ['apigw-requestid', requestId]];
    // RFC 9110, section 8.6: these two have no content, and 204 must not have the header either.
    const bodiless = statusCode === 204 || statusCode === 304;
    if (!bodiless) all.push(['content-length', String(body.length)]);
    if (!server.listening) all.push(['connection', 'close']);
    response.writeHead(statusCode, all.flat()).end(bodiless ? undefined : body);
  }

  async function shutDown(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    connections.drain();
    await closed;
    await Promise.all(running);
  }
}

const LATE = Symbol('late');

/** The deployed API's access log has such a line for every request. Here the function's own line replaces it where a function ran. */
function logThrottled(call: { time: string; request_id: string; route: string }): void {
  const line = { environment: 'local', ...call, status: '429', integration_status: '-' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
