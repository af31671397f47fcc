import { Worker } from 'node:worker_threads';
import { makeToken, readUser } from './calls.ts';
import type { LogLine } from './function-logs.ts';
import type { Answered, InstanceOrders } from './instance.ts';
import type { SoakStack } from './stack.ts';
import { instanceName } from './tally.ts';

/** The instances at work, and what came of their calls so far. */
export interface Fleet {
  /** How long each call took, in milliseconds. */
  readonly times: readonly number[];
  /** What the logs say of those that failed. */
  readonly failures: readonly LogLine[];
  /** Resolves when every instance has answered a call. */
  warm(): Promise<void>;
  /** Resolves when so many calls have been answered. */
  reaches(calls: number): Promise<void>;
  /** Lets the calls under way end; resolves when no instance is left. */
  stop(): Promise<void>;
}

/** Lambda gives an instance one call at a time; two show that it also shares a refresh. */
const atOnce = 2;

/** Starts one instance per user, a thread each, of the two functions by turns; they call until they are stopped. After `signal`, nothing waits for them. */
export function startFleet({ key, users }: SoakStack, signal: AbortSignal): Fleet {
  const times: number[] = [];
  const failures: LogLine[] = [];
  const warm = new Set<number>();
  const waiting = createWaiting(signal);

  const workers = users.map((user, index) => {
    const name = instanceName(index);
    const orders: InstanceOrders = { name, call: (index % 2 === 0 ? readUser : makeToken)(key, user), atOnce };
    const env = { ...process.env, AWS_SESSION_TOKEN: name };
    const worker = new Worker(new URL('instance.ts', import.meta.url), { workerData: orders, env });
    worker.on('message', ({ milliseconds, failure }: Answered) => {
      times.push(milliseconds);
      if (failure !== undefined) failures.push(failure);
      warm.add(index);
      waiting.look();
    });
    // The others go on, and the run fails.
    worker.on('error', (error) => {
      failures.push({ instance: name, crashed: error instanceof Error ? error.name : typeof error });
      warm.add(index);
      waiting.look();
    });
    return worker;
  });
  const gone = Promise.all(workers.map(untilExit));

  return {
    times,
    failures,
    warm: () => waiting.until(() => warm.size === workers.length),
    reaches: (calls) => waiting.until(() => times.length >= calls),
    async stop() {
      for (const worker of workers) worker.postMessage('stop');
      await gone;
    },
  };
}

function untilExit(worker: Worker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.once('exit', () => resolve());
  return promise;
}

interface Waiting {
  /** Resolves when a look finds that it is over, or after the signal. */
  until(isOver: () => boolean): Promise<void>;
  look(): void;
}

function createWaiting(signal: AbortSignal): Waiting {
  let waiting: { isOver: () => boolean; resolve: () => void }[] = [];
  const look = (): void => {
    const over = waiting.filter(({ isOver }) => signal.aborted || isOver());
    waiting = waiting.filter((one) => !over.includes(one));
    for (const { resolve } of over) resolve();
  };
  signal.addEventListener('abort', look);
  return {
    until(isOver) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ isOver, resolve });
      look();
      return promise;
    },
    look,
  };
}
