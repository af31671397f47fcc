import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Feed, FeedEvent } from './feed.ts';

/** The most that waits for a listener who does not read, in bytes: one that is further behind is let go, and may come back. */
const longestWait = 1_048_576;

/** Answers with the feed as server-sent events, until either side ends it. Source: HTML standard, “Server-sent events”. */
export function stream(feed: Feed, request: IncomingMessage, response: ServerResponse): void {
  const lastId = request.headers['last-event-id'];
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  const send = (event: FeedEvent): void => {
    response.write(written(event));
    if (response.writableLength > longestWait) response.destroy();
  };
  // A browser asks again a second after the stream broke off.
  response.write('retry: 1000\n\n');
  feed.since(typeof lastId === 'string' ? lastId : undefined).forEach(send);
  response.write('event: ready\ndata: {}\n\n');
  response.once('close', feed.listen(send));
}

function written({ id, name, data }: FeedEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
}
