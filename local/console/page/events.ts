import type { CallEvent, ChangedEvent, ChangeSource, JobEvent } from '../wire.ts';
import type { Action } from './state.ts';

/** The time during which events are collected before they are shown, in milliseconds. */
const batchTime = 50;

/** Dispatches the stack's events while the tab is visible; returns a function that stops this. */
export function followEvents(dispatch: (action: Action) => void): () => void {
  let source: EventSource | undefined;
  let flushing: number | undefined;
  let batch = empty();
  let replace = true;

  function flush(): void {
    window.clearTimeout(flushing);
    flushing = undefined;
    dispatch({ type: 'events', ...batch, replace });
    replace = false;
    batch = empty();
  }

  function schedule(): void {
    // The stored events are shown when all of them have arrived.
    if (!replace) flushing ??= window.setTimeout(flush, batchTime);
  }

  function open(): void {
    replace = true;
    batch = empty();
    source = new EventSource('/_console/events');
    // The stack's server states the type of each event.
    on('call', (call) => batch.calls.push(call as CallEvent));
    on('job', (job) => batch.jobs.push(job as JobEvent));
    on('changed', (changed) => batch.changed.push((changed as ChangedEvent).what));
    source.addEventListener('ready', () => {
      dispatch({ type: 'connection', connection: 'live' });
      flush();
    });
    // The browser reconnects and continues after the last event.
    source.addEventListener('error', () => dispatch({ type: 'connection', connection: 'lost' }));
  }

  function on(name: string, handle: (data: unknown) => void): void {
    source?.addEventListener(name, ({ data }: MessageEvent<string>) => {
      handle(JSON.parse(data));
      schedule();
    });
  }

  function close(): void {
    window.clearTimeout(flushing);
    flushing = undefined;
    source?.close();
    source = undefined;
  }

  // A hidden tab has no connection; the stack stores the events.
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
  return { calls: [] as CallEvent[], jobs: [] as JobEvent[], changed: [] as ChangeSource[] };
}
