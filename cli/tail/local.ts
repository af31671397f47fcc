import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';
import { notAnswering, readStack } from '../target.ts';
import { readLine, type FollowOptions, type LogLine } from './log-line.ts';

/** Time between two attempts to reconnect, in milliseconds. */
const pause = 1_000;

/** Yields the log lines of a local stack, and waits if the stack stops. Throws CliError if it does not run at first. */
export async function* localLines(
  session: Session,
  { since, onStart, signal }: FollowOptions,
): AsyncGenerator<LogLine> {
  let lastId: string | undefined;
  let state: 'new' | 'connected' | 'disconnected' = 'new';
  while (!signal.aborted) {
    try {
      const events = await listen(session, lastId, signal);
      if (state === 'new') onStart();
      if (state === 'disconnected') session.note('The local stack runs again.');
      state = 'connected';
      let isReplay = lastId === undefined;
      for await (const { id, event, data } of events) {
        lastId = id ?? lastId;
        if (event === 'ready') isReplay = false;
        const line = event === 'call' || event === 'job' ? readLine(data) : undefined;
        if (line !== undefined && (!isReplay || Date.parse(line.time) >= since)) yield line;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (state === 'new' || error instanceof NoEventsError) throw error;
    }
    if (state === 'connected')
      session.note('The local stack has stopped. Waiting for it to start again; press Ctrl-C to quit.');
    state = 'disconnected';
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** A server answers, but has no events. */
class NoEventsError extends CliError {}

async function listen(session: Session, lastId: string | undefined, signal: AbortSignal) {
  const target = session.target();
  const { gateway = '' } = await readStack(target.folder ?? '', target.option);
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const response = await fetch(new URL('/_console/events', gateway), { headers, signal }).catch(() => {
    throw new CliError(notAnswering(target));
  });
  if (!response.ok || response.body === null) {
    throw new NoEventsError(
      `The server at ${gateway} does not report calls (${response.status}). Start the stack again.`,
    );
  }
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
