import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { notAnswering, readStack } from '../target.ts';
import { readLine, type Following, type LogLine } from './line.ts';

/** Between two looks for a stack that is gone, in milliseconds. */
const pause = 1_000;

/** The lines of a local stack's log. A stack that stops is waited for. Throws Refusal when there is none to begin with. */
export async function* localLines(session: Session, { since, begun, signal }: Following): AsyncGenerator<LogLine> {
  let lastId: string | undefined;
  let stack: 'unknown' | 'there' | 'gone' = 'unknown';
  while (!signal.aborted) {
    try {
      const events = await listen(session, lastId, signal);
      if (stack === 'unknown') begun();
      if (stack === 'gone') session.note('The local stack is back.');
      stack = 'there';
      let isReplay = lastId === undefined;
      for await (const { id, event, data } of events) {
        lastId = id ?? lastId;
        if (event === 'ready') isReplay = false;
        const line = event === 'call' || event === 'job' ? readLine(data) : undefined;
        if (line !== undefined && (!isReplay || Date.parse(line.time) >= since)) yield line;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (stack === 'unknown' || error instanceof WrongStack) throw error;
    }
    if (stack === 'there')
      session.note('The local stack has stopped. Waiting for it to start again; Ctrl-C ends this.');
    stack = 'gone';
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** Something answers, and it has no events. */
class WrongStack extends Refusal {}

async function listen(session: Session, lastId: string | undefined, signal: AbortSignal) {
  const target = session.target();
  const { gateway = '' } = await readStack(target.folder ?? '', target.option);
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const response = await fetch(new URL('/_console/events', gateway), { headers, signal }).catch(() => {
    throw new Refusal(notAnswering(target));
  });
  if (!response.ok || response.body === null) {
    throw new WrongStack(
      `What answers at ${gateway} tells nobody of its calls (${response.status}). Start the stack again.`,
    );
  }
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
