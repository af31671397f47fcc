import { request as httpRequest, type IncomingMessage } from 'node:http';

/** One server-sent event with parsed data. */
export interface ReceivedEvent {
  id?: string;
  event: string;
  data: Record<string, unknown>;
}

/** The event stream of the local stack. */
export interface Following {
  /** Returns the next event. */
  next(): Promise<ReceivedEvent>;
  /** Returns the events up to the first one that passes. */
  until(passes: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent[]>;
  /** Resolves when the stream has ended. */
  ended: Promise<void>;
  stop(): void;
}

/** Opens `GET /_console/events` of the stack whose API is at `gateway`. */
export async function follow(gateway: string, headers: Record<string, string> = {}): Promise<Following> {
  const { promise: arrived, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest(new URL('/_console/events', gateway), { headers }, resolve).on('error', reject).end();
  const response = await arrived;
  if (response.statusCode !== 200) throw new Error(`the event stream responds with ${response.statusCode}`);
  const events = eventsIn(response);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  response.once('close', () => end());
  const following: Following = {
    ended,
    async next() {
      const { value, done } = await events.next();
      if (done) throw new Error('the stream has ended');
      return value;
    },
    async until(passes) {
      const taken: ReceivedEvent[] = [];
      for (;;) {
        const event = await following.next();
        taken.push(event);
        if (passes(event)) return taken;
      }
    },
    stop: () => void request.destroy(),
  };
  return following;
}

/** Returns the stored events, which a new listener receives before the event `ready`. */
export async function storedEvents(gateway: string, headers: Record<string, string> = {}): Promise<ReceivedEvent[]> {
  const following = await follow(gateway, headers);
  const events = await following.until(({ event }) => event === 'ready');
  following.stop();
  return events.slice(0, -1);
}

async function* eventsIn(response: IncomingMessage): AsyncGenerator<ReceivedEvent> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const { id, event, data = '{}' } = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/)));
      if (event !== undefined) yield { ...(id !== undefined && { id }), event, data: JSON.parse(data) };
    }
  }
}
