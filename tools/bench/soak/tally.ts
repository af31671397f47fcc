import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the servers saw. */
export interface Tally {
  /** Upstream calls by the request id of the invocation that made them, those of instances alone. */
  readonly upstreamCalls: ReadonlyMap<string, number>;
  /** How many of them upstream refused because of their credential. */
  readonly rejections: number;
  /** Reads of the manage token's value, by instance and the rotations that had ended before. */
  readonly reads: ReadonlyMap<string, number>;
}

/** Where to count, and how instances and rotations are told apart. */
export interface TallyOptions {
  secretsManagerPort: number;
  sandboxPort: number;
  /** How many rotations have made their token the one in use. */
  rotation: () => number;
}

/** Instances sign with a session token of this form, and make their invocations' request ids from it. */
export const instanceName = (index: number): string => `INSTANCE${String(index).padStart(3, '0')}`;
const ofInstance = /^INSTANCE\d{3}/;

/** Counts requests as they arrive at the servers of this process, by what they carry; the servers do not know. */
export function startTally({ secretsManagerPort, sandboxPort, rotation }: TallyOptions): Tally {
  const upstreamCalls = new Map<string, number>();
  const reads = new Map<string, number>();
  const tally = { upstreamCalls, reads, rejections: 0 };

  onRequest(secretsManagerPort, ({ headers }) => {
    const instance = String(headers['x-amz-security-token']);
    if (!ofInstance.test(instance) || headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return;
    increment(reads, `${instance} ${rotation()}`);
  });
  onRequest(sandboxPort, ({ headers }) => {
    const requestId = String(headers['x-request-id']);
    if (ofInstance.test(requestId)) increment(upstreamCalls, requestId);
  });
  onResponse(sandboxPort, ({ headers }, { statusCode }) => {
    if (ofInstance.test(String(headers['x-request-id'])) && (statusCode === 401 || statusCode === 403)) {
      tally.rejections += 1;
    }
  });
  return tally;
}

/** What Node's HTTP server publishes of each request. */
interface Published {
  request: IncomingMessage;
  response: ServerResponse;
}

function onRequest(port: number, count: (request: IncomingMessage) => void): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as Published;
    if (request.socket.localPort === port) count(request);
  });
}

function onResponse(port: number, count: (request: IncomingMessage, response: ServerResponse) => void): void {
  subscribe('http.server.response.finish', (message) => {
    const { request, response } = message as Published;
    if (request.socket.localPort === port) count(request, response);
  });
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
