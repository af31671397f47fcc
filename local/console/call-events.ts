import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Route } from '../api-gateway/server.ts';
import type { RecordedCall } from '../sandbox/http/call-list.ts';
import type { Feed } from './feed.ts';
import { requestNames, responseNames } from './names.ts';
import type { CallEvent, JobEvent, Signed, UpstreamCall } from './wire.ts';

/** A line of the functions' log. */
type LogLine = Readonly<Record<string, unknown>>;

/** The data of a call that is not answered yet. */
interface Pending {
  line?: LogLine;
  upstream: RecordedCall[];
}

/** The maximum number of running calls; older entries belong to calls of other clients. */
const maxPending = 1_000;

/** Adds an event to `feed` for each job, and for each call with its log line, upstream calls (with `hasSandbox`) and response. */
export function createCallEvents(feed: Feed, hasSandbox: boolean) {
  const calls = new Map<string, Pending>();

  function pending(requestId: string): Pending {
    const call = calls.get(requestId) ?? { upstream: [] };
    calls.set(requestId, call);
    const [oldest] = calls.keys();
    if (calls.size > maxPending && oldest !== undefined) calls.delete(oldest);
    return call;
  }

  function readLine(line: LogLine): void {
    const { request_id: requestId, operation, job, _aws: _, ...rest } = line;
    if (typeof requestId !== 'string') return;
    if (operation !== undefined) pending(requestId).line = line;
    // The line of a job has the fields of its event.
    else if (job !== undefined) feed.add('job', { request_id: requestId, job, ...rest } as JobEvent);
  }

  function finish(requestId: string, event: APIGatewayProxyEventV2, result: unknown): void {
    const { line, upstream = [] } = calls.get(requestId) ?? {};
    calls.delete(requestId);
    // The API page has no log line, and neither has a function that crashed before.
    if (line === undefined) return;
    const { _aws: _, ...fields } = line;
    // The access log line has the other fields.
    const call = { ...fields, request: requestNames(event), answer: responseNames(result) } as CallEvent;
    const attempts = upstream.map(({ request_id: _id, at: _at, ...attempt }) =>
      Object.assign(attempt, { signed: signedWith(attempt, call) }),
    );
    feed.add('call', hasSandbox ? { ...call, upstream: attempts } : call);
  }

  return {
    /** Adds a call that the sandbox answered. */
    upstream(call: RecordedCall) {
      if (call.request_id !== undefined) pending(call.request_id).upstream.push(call);
    },
    /** Returns the same routes; each call of them becomes an event when it is answered. */
    watch: (routes: readonly Route[]): Route[] =>
      routes.map((route) => ({
        ...route,
        async handler(event, context) {
          let result: Awaited<ReturnType<Route['handler']>> | undefined;
          try {
            return (result = await route.handler(event, context));
          } finally {
            finish(context.awsRequestId, event, result);
          }
        },
      })),
    /** Stops reading the log. */
    close: tapLog(readLine),
  };
}

/** Returns the credential of an upstream call, from the names in it and the call that it belongs to. */
function signedWith(
  { path, fields, headers }: Pick<UpstreamCall, 'path' | 'fields' | 'headers'>,
  { operation, kind }: Pick<CallEvent, 'operation' | 'kind'>,
): Signed {
  if (fields.includes('client_secret')) return 'client-credentials';
  if (!headers.includes('authorization')) return 'nothing';
  if (kind === 'token') return 'caller';
  // In a call that the gateway signs, these use the token of the user that was created or whose code was exchanged.
  if (path === '/2.0/users/me' || path === '/2.0/auth/token') return 'new-user';
  return operation === 'admin_jwt_post' ? 'admin-token' : 'manage-token';
}

/** Reads the log lines that functions write to standard error, and passes them on; returns a function that stops this. */
function tapLog(read: (line: LogLine) => void): () => void {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  const tapped = (...args: Parameters<typeof write>): boolean => {
    const line = lineIn(args[0]);
    if (line !== undefined) read(line);
    return write(...args);
  };
  // The method has two signatures, this one is their union.
  stderr.write = tapped as typeof write;
  return () => {
    if (stderr.write === tapped) stderr.write = write;
  };
}

/** Functions write one line at a time. */
function lineIn(chunk: string | Uint8Array): LogLine | undefined {
  if (typeof chunk !== 'string' || !chunk.startsWith('{')) return undefined;
  try {
    return JSON.parse(chunk) as LogLine;
  } catch {
    return undefined;
  }
}
