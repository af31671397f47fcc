import type { CallEvent, ChangedEvent, Changing, JobEvent } from '../events.ts';
import type { Action } from './state.ts';

/** Events that came shortly one after the other are shown together, in milliseconds. */
const pause = 50;

/** Follows the stack's events while somebody looks, and tells `dispatch` of them; gives what ends that. */
export function followEvents(dispatch: (action: Action) => void): () => void {
  let source: EventSource | undefined;
  let flushing: number | undefined;
  let waiting = empty();
  let afresh = true;

  function flush(): void {
    window.clearTimeout(flushing);
    flushing = undefined;
    dispatch({ type: 'events', ...waiting, afresh });
    afresh = false;
    waiting = empty();
  }

  function later(): void {
    // What the stack still knows is shown when all of it is there.
    if (!afresh) flushing ??= window.setTimeout(flush, pause);
  }

  function open(): void {
    afresh = true;
    waiting = empty();
    source = new EventSource('/_console/events');
    // The stack's own server says what each event has.
    on('call', (call) => waiting.calls.push(call as CallEvent));
    on('job', (job) => waiting.jobs.push(job as JobEvent));
    on('changed', (changed) => waiting.changed.push((changed as ChangedEvent).what));
    source.addEventListener('ready', () => {
      dispatch({ type: 'connection', connection: 'live' });
      flush();
    });
    // The browser tries again by itself, and goes on after the last event.
    source.addEventListener('error', () => dispatch({ type: 'connection', connection: 'lost' }));
  }

  function on(name: string, take: (data: unknown) => void): void {
    source?.addEventListener(name, ({ data }: MessageEvent<string>) => {
      take(JSON.parse(data));
      later();
    });
  }

  function close(): void {
    window.clearTimeout(flushing);
    flushing = undefined;
    source?.close();
    source = undefined;
  }

  // A tab that nobody looks at costs nothing; the stack keeps what it misses.
  function follow(): void {
    if (document.hidden) close();
    else if (source === undefined) open();
  }

  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    close();
  };
}

function empty() {
  return { calls: [] as CallEvent[], jobs: [] as JobEvent[], changed: [] as Changing[] };
}
