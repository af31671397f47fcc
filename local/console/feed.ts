import type { ChangedEvent, Changing, Happenings } from './events.ts';

/** An event, ready to be sent; one with an id is replayed. */
export interface FeedEvent {
  id?: string;
  name: keyof Happenings | 'changed';
  /** JSON. */
  data: string;
}

/** The events of one stack: the last of them, and whoever listens. */
export interface Feed {
  add<Name extends keyof Happenings>(name: Name, event: Happenings[Name]): void;
  changed: (what: Changing) => void;
  /** The kept events that came after `lastId`, which may be of another feed: then all of them. */
  since(lastId: string | undefined): FeedEvent[];
  /** Tells of each event from now on; gives what ends that. */
  listen(listener: (event: FeedEvent) => void): () => void;
}

/** How many events are kept. */
const bound = 200;
/** Between two `changed` of the same, in milliseconds. */
const pause = 1_000;

/** Makes the feed of one stack; its ids are its own. */
export function createFeed(): Feed {
  const run = Date.now().toString(36);
  const listeners = new Set<(event: FeedEvent) => void>();
  const pausing = new Map<Changing, 'quiet' | 'changed again'>();
  let kept: FeedEvent[] = [];
  let count = 0;

  const tell = (event: FeedEvent): void => listeners.forEach((listener) => listener(event));

  function changed(what: Changing): void {
    if (pausing.has(what)) return void pausing.set(what, 'changed again');
    pausing.set(what, 'quiet');
    setTimeout(() => {
      const meanwhile = pausing.get(what);
      pausing.delete(what);
      if (meanwhile === 'changed again') changed(what);
    }, pause).unref();
    const event: ChangedEvent = { what };
    tell({ name: 'changed', data: JSON.stringify(event) });
  }

  return {
    add(name, event) {
      count += 1;
      const added = { id: `${run}-${count}`, name, data: JSON.stringify(event) };
      kept = [...kept.slice(1 - bound), added];
      tell(added);
    },
    changed,
    // Not found: of another feed, or too old. Then everything is newer.
    since: (lastId) => kept.slice(kept.findIndex(({ id }) => id === lastId) + 1),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
