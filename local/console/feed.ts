import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChangedEvent, ChangeSource, StoredEvents } from './wire.ts';

/** A serialized event; one with an id is stored and replayed. */
interface FeedEvent {
  id?: string;
  name: keyof StoredEvents | 'changed';
  /** JSON. */
  data: string;
}

/** The events of one stack. */
export type Feed = ReturnType<typeof createFeed>;

const maxEvents = 200;
/** The minimum time between two `changed` events of the same source, in milliseconds. */
const changeInterval = 1_000;

/** Creates the feed of one stack, with unique ids. */
export function createFeed() {
  const run = Date.now().toString(36);
  const listeners = new Set<(event: FeedEvent) => void>();
  const delayed = new Map<ChangeSource, 'unchanged' | 'changed'>();
  let stored: FeedEvent[] = [];
  let count = 0;

  const emit = (event: FeedEvent): void => listeners.forEach((listener) => listener(event));

  function changed(what: ChangeSource): void {
    if (delayed.has(what)) return void delayed.set(what, 'changed');
    delayed.set(what, 'unchanged');
    setTimeout(() => {
      const state = delayed.get(what);
      delayed.delete(what);
      if (state === 'changed') changed(what);
    }, changeInterval).unref();
    const event: ChangedEvent = { what };
    emit({ name: 'changed', data: JSON.stringify(event) });
  }

  return {
    add<Name extends keyof StoredEvents>(name: Name, event: StoredEvents[Name]): void {
      count += 1;
      const added: FeedEvent = { id: `${run}-${count}`, name, data: JSON.stringify(event) };
      stored = [...stored.slice(1 - maxEvents), added];
      emit(added);
    },
    changed,
    /** Returns the stored events after `lastId`; all of them for an unknown id, whose index is -1. */
    since: (lastId: string | undefined) => stored.slice(stored.findIndex(({ id }) => id === lastId) + 1),
    /** Calls the listener for each new event; returns a function that removes it. */
    listen(listener: (event: FeedEvent) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The maximum number of unsent bytes of a listener; its connection is closed above, and it may reconnect. */
const maxUnsent = 1_048_576;

/** Sends the feed as server-sent events until either side closes the connection. Source: HTML standard, “Server-sent events”. */
export function stream(feed: Feed, request: IncomingMessage, response: ServerResponse): void {
  const lastId = request.headers['last-event-id'];
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  const send = ({ id, name, data }: FeedEvent): void => {
    response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`);
    if (response.writableLength > maxUnsent) response.destroy();
  };
  // A browser reconnects one second after the stream ends.
  response.write('retry: 1000\n\n');
  feed.since(typeof lastId === 'string' ? lastId : undefined).forEach(send);
  response.write('event: ready\ndata: {}\n\n');
  response.once('close', feed.listen(send));
}
