import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Beside } from '../api-gateway/besides.ts';
import { isFromHere } from '../loopback.ts';
import type { Changing } from './events.ts';
import { createFeed } from './feed.ts';
import { tapLog } from './log-tap.ts';
import { stream } from './stream.ts';
import { createTrail, type Trail } from './trail.ts';

/** What an operator sees of one local stack, and what the stack's servers tell it. */
export interface OperatorConsole extends Pick<Trail, 'upstream' | 'watch'> {
  /** What the gateway's server shows beside the API. */
  besides: readonly Beside[];
  changed: (what: Changing) => void;
  /** Reads the log no longer. */
  close: () => void;
}

/** Opens the console of a stack, with a sandbox behind the gateway or with another Budgea. From now on it reads the functions' log. */
export function openConsole({ hasSandbox }: { hasSandbox: boolean }): OperatorConsole {
  const feed = createFeed();
  const trail = createTrail(feed, hasSandbox);
  return {
    besides: [
      {
        method: 'GET',
        path: '/_console/events',
        serve: guarded((request, response) => stream(feed, request, response)),
      },
    ],
    upstream: trail.upstream,
    watch: trail.watch,
    changed: feed.changed,
    close: tapLog(trail.line),
  };
}

/** Lets only this machine's user through, whatever page is open in a browser beside. */
function guarded(serve: Beside['serve']): Beside['serve'] {
  return (request: IncomingMessage, response: ServerResponse, parameters) => {
    if (isFromHere(request.headers, request.socket.localPort ?? 0)) serve(request, response, parameters);
    else refuse(response);
  };
}

function refuse(response: ServerResponse): void {
  const body = JSON.stringify({ message: 'Only this machine’s user may ask, by a name of the loopback interface.' });
  response.writeHead(403, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
}
