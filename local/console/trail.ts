import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Route } from '../api-gateway/server.ts';
import type { RecordedCall } from '../sandbox/http/call-list.ts';
import type { CallEvent, JobEvent } from './events.ts';
import type { Feed } from './feed.ts';
import type { LogLine } from './log-tap.ts';
import { answered, sent } from './names.ts';
import { signedWith } from './signed.ts';

/** Puts together what is known of each call from three sides, by its request id. */
export interface Trail {
  /** A line of the functions' log. */
  line: (line: LogLine) => void;
  /** A call that the sandbox answered. */
  upstream: (call: RecordedCall) => void;
  /** The same routes, each call of which becomes an event when it is answered. */
  watch: (routes: readonly Route[]) => Route[];
}

/** What is known of a call that is not answered yet. */
interface Known {
  line?: LogLine;
  upstream: RecordedCall[];
}

/** As many calls as can be under way; what is known of older ones belongs to calls that came another way. */
const bound = 1_000;

/** Makes the trail that tells `feed`; `hasSandbox` says whether the sandbox stands behind the gateway. */
export function createTrail(feed: Feed, hasSandbox: boolean): Trail {
  const underway = new Map<string, Known>();

  function known(requestId: string): Known {
    const found = underway.get(requestId) ?? { upstream: [] };
    underway.set(requestId, found);
    const [oldest] = underway.keys();
    if (underway.size > bound && oldest !== undefined) underway.delete(oldest);
    return found;
  }

  function finish(requestId: string, event: APIGatewayProxyEventV2, result: unknown): void {
    const { line, upstream } = underway.get(requestId) ?? {};
    underway.delete(requestId);
    // A page of the API has no line, and a function that did not get as far as that has told of it otherwise.
    if (line === undefined) return;
    const { _aws: _, ...fields } = line;
    const call = { ...fields, request: sent(event), answer: answered(result) } as CallEvent; // The journal's line has the other fields.
    const attempts = (upstream ?? []).map(({ request_id: _id, at: _at, ...attempt }) =>
      Object.assign(attempt, { signed: signedWith(attempt, call) }),
    );
    feed.add('call', hasSandbox ? { ...call, upstream: attempts } : call);
  }

  return {
    line(line) {
      const { request_id: requestId, operation, job, _aws: _, ...rest } = line;
      if (typeof requestId !== 'string') return;
      if (operation !== undefined) known(requestId).line = line;
      // The job's line has the fields of the event.
      else if (job !== undefined) feed.add('job', { request_id: requestId, job, ...rest } as JobEvent);
    },
    upstream(call) {
      if (call.request_id !== undefined) known(call.request_id).upstream.push(call);
    },
    watch: (routes) =>
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
  };
}
