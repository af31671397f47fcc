import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The requests of the instances, as the servers received them. */
export interface Counts {
  /** Upstream calls by the request id of the invocation. */
  readonly upstreamCalls: ReadonlyMap<string, number>;
  /** Upstream calls that were rejected because of their credential. */
  readonly rejections: number;
  /** Reads of the manage token, by instance and number of finished rotations. */
  readonly reads: ReadonlyMap<string, number>;
}

/** The name of an instance, which is its session token and the beginning of its request ids. */
export const instanceName = (index: number): string => `INSTANCE${String(index).padStart(3, '0')}`;
const ofInstance = /^INSTANCE\d{3}/;

/** Counts the requests to the servers of this process; `rotation` returns the number of finished rotations. */
export function countRequests(
  { secretsManagerPort, sandbox }: { secretsManagerPort: number; sandbox: { port: number } },
  rotation: () => number,
): Counts {
  const upstreamCalls = new Map<string, number>();
  const reads = new Map<string, number>();
  const counts = { upstreamCalls, reads, rejections: 0 };

  onHttp('http.server.request.start', ({ request: { headers, socket } }) => {
    const requestId = String(headers['x-request-id']);
    if (socket.localPort === sandbox.port && ofInstance.test(requestId)) increment(upstreamCalls, requestId);
    const instance = String(headers['x-amz-security-token']);
    const isRead = headers['x-amz-target'] === 'secretsmanager.GetSecretValue' && ofInstance.test(instance);
    if (socket.localPort === secretsManagerPort && isRead) increment(reads, `${instance} ${rotation()}`);
  });
  onHttp('http.server.response.finish', ({ request: { headers, socket }, response: { statusCode } }) => {
    const isRejection = statusCode === 401 || statusCode === 403;
    if (socket.localPort !== sandbox.port || !ofInstance.test(String(headers['x-request-id']))) return;
    if (isRejection) counts.rejections += 1;
  });
  return counts;
}

function onHttp(channel: string, count: (message: { request: IncomingMessage; response: ServerResponse }) => void) {
  // The format of Node's HTTP server.
  subscribe(channel, (message) => count(message as { request: IncomingMessage; response: ServerResponse }));
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
