import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireLoopback } from '../loopback.ts';
import { besideFor, type Beside } from './besides.ts';
import { readBody } from './body.ts';
import { trackConnections } from './connections.ts';
import { within } from './deadline.ts';
import { toEvent } from './event.ts';
import { headerLines } from './headers.ts';
import { newRequestId, newTraceId } from './ids.ts';
import { FAILED, invoke, type LambdaHandler } from './invoke.ts';
import { MAX_BODY_BYTES, MAX_REQUEST_MS, NODE_MAX_HEADER_BYTES, oversize } from './limits.ts';
import { answerClientError } from './malformed-request.ts';
import { refusal } from './refusal.ts';
import type { HttpResponse } from './http-response.ts';
import { toResponse } from './response.ts';
import { selectRoute } from './routes.ts';
import { parseTarget } from './target.ts';
import { createThrottle, type Throttling } from './throttle.ts';

export type { LambdaHandler } from './invoke.ts';

/** One route of the API and the function that it is integrated with. */
export interface Route {
  /** An HTTP method, or `ANY`. */
  method: string;
  /** Such as `/2.0/users/{id_user}`; `{proxy+}` may end it, and `$default` catches what no other route matches. */
  path: string;
  functionName: string;
  handler: LambdaHandler;
}

/** What an API consists of, and its limits. */
export interface ApiGatewayOptions {
  /** 0 takes any free port. */
  port: number;
  routes: Route[];
  /** What the server shows beside the API. */
  besides?: readonly Beside[];
  /** How many functions may run at once; one call more is answered 429. Unlimited by default. */
  maxConcurrency?: number;
  /** How many calls each route takes; one more is answered 429, and told of on standard error. Unlimited by default. */
  throttling?: Throttling | undefined;
  /** How long the gateway waits for a function: 30 seconds by default, which is also the service's maximum. */
  timeoutMs?: number;
  /** How long a function may run, as its context tells it: 29 seconds by default. */
  functionTimeoutMs?: number;
}

/** A gateway that accepts calls. */
export interface RunningApiGateway {
  /** The origin, `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  /** Stops accepting calls, and resolves when those under way have ended. */
  close(): Promise<void>;
}

/**
 * Starts an HTTP server on loopback that runs each route's function in process, as an API Gateway HTTP API with Lambda
 * proxy integrations (payload format 2.0) on the `$default` stage does. Rejects when the port is taken.
 */
export async function startApiGateway(options: ApiGatewayOptions): Promise<RunningApiGateway> {
  const {
    routes,
    besides = [],
    maxConcurrency = Infinity,
    throttling,
    timeoutMs = 30_000,
    functionTimeoutMs = 29_000,
  } = options;
  const takes = throttling === undefined ? () => true : createThrottle(throttling);
  const running = new Set<Promise<unknown>>();
  const server = createServer({
    maxHeaderSize: NODE_MAX_HEADER_BYTES,
    requestTimeout: MAX_REQUEST_MS,
    headersTimeout: MAX_REQUEST_MS,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 60_000,
  });
  const connections = trackConnections(server);

  server.on('request', (request, response) => {
    const beside = besideFor(besides, request);
    if (beside !== undefined) return beside(response);
    const requestId = newRequestId();
    answer(request, response, requestId).then(
      (answered) => send(response, answered, requestId),
      () => (request.destroyed ? response.destroy() : send(response, refusal(500), requestId)),
    );
  });
  server.on('clientError', (error, socket) => {
    if (connections.isHeld(socket)) socket.destroy();
    else answerClientError(error, socket, newRequestId());
  });
  requireLoopback(server, (message) => ({ type: 'application/json', body: JSON.stringify({ message }) }));

  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  let closing: Promise<void> | undefined;
  return { url: `http://127.0.0.1:${port}`, port, close: () => (closing ??= shutDown()) };

  async function answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<HttpResponse> {
    const receivedAt = new Date();
    const { method = '', url = '/', httpVersion, rawHeaders, socket } = request;
    const headers = headerLines(rawHeaders);
    const tooLarge = oversize(`${method} ${url} HTTP/${httpVersion}`, headers);
    if (tooLarge !== undefined) return refusal(tooLarge);

    const target = parseTarget(url);
    if (target === undefined) return refusal(400);
    const match = selectRoute(routes, method, target.segments);
    if (match === undefined) return refusal(404);
    if (!takes(match.routeKey)) {
      logThrottled({ time: receivedAt.toISOString(), request_id: requestId, route: match.routeKey });
      return refusal(429);
    }
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === undefined) return refusal(413);
    if (running.size >= maxConcurrency) return refusal(429);

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
    // A function that outlives the gateway's patience still counts as running.
    const invocation = invoke(match.route, event, functionTimeoutMs);
    running.add(invocation);
    void invocation.finally(() => running.delete(invocation));
    const result = await within(timeoutMs, invocation, LATE);
    if (result === LATE) return refusal(503);
    return result === FAILED ? refusal(500) : toResponse(result);
  }

  function send(response: ServerResponse, { statusCode, headers, body }: HttpResponse, requestId: string): void {
    const all = [...headers, ['apigw-requestid', requestId]];
    // RFC 9110 section 8.6: these two have no content, and 204 may not have the header either.
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

/** The deployed API's access log has such a line of every call; of those that reach a function, the function's own line is enough here. */
function logThrottled(call: { time: string; request_id: string; route: string }): void {
  process.stderr.write(
    `${JSON.stringify({ environment: 'local', ...call, status: '429', integration_status: '-' })}\n`,
  );
}
