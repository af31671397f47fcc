import type { IncomingMessage, ServerResponse } from 'node:http';
import { selectRoute } from './routes.ts';
import { parseTarget } from './target.ts';

/** Something that the local server shows beside the API, which no deployed one has. */
export interface Beside {
  method: string;
  /** As a route's, outside of the API's base path: such as `/` or `/_console/partners/{client_id}/keys`. */
  path: string;
  /** Answers the request, whenever it likes; an answer that never ends is cut off when the server stops. */
  serve(request: IncomingMessage, response: ServerResponse, parameters: Readonly<Record<string, string>>): void;
}

/** What answers a request in place of the API, ready to be called; undefined when it is the API's. */
export function besideFor(
  besides: readonly Beside[],
  request: IncomingMessage,
): ((response: ServerResponse) => void) | undefined {
  const target = parseTarget(request.url ?? '/');
  const match = target && selectRoute(besides, request.method ?? '', target.segments);
  return match && ((response) => match.route.serve(request, response, match.pathParameters ?? {}));
}
