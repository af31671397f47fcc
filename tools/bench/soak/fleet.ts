import { EventEmitter, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { bearer } from '../../openapi/examples.ts';
import { instanceName } from './counts.ts';
import type { LogLine } from './instance-logs.ts';
import type { CallResult, InstanceData } from './instance.ts';
import type { SoakStack } from './stack.ts';

/** The running instances, and the results of their calls so far. */
export interface Fleet {
  /** The time of each call, in milliseconds. */
  readonly times: readonly number[];
  /** The log lines of failed calls. */
  readonly failures: readonly LogLine[];
  /** Whether every instance has finished a call. */
  isWarm: () => boolean;
  /** Resolves when a condition on the results holds, or after the signal. */
  until: (holds: () => boolean) => Promise<void>;
  /** Ends the instances after their running calls. */
  stop: () => Promise<void>;
}

/** Lambda has one call at a time per instance; two show that concurrent calls share a refresh. */
const concurrency = 2;

/** Starts one instance for each user, half of them with a call that upstream can repeat, and half with one that it cannot. */
export function startFleet({ key, users }: SoakStack, signal: AbortSignal): Fleet {
  const times: number[] = [];
  const failures: LogLine[] = [];
  const warm = new Set<number>();
  const results = new EventEmitter();

  const workers = users.map((user, index) => {
    const name = instanceName(index);
    const workerData: InstanceData = { name, concurrency, ...(index % 2 === 0 ? readUser : createToken)(key, user) };
    const env = { ...process.env, AWS_SESSION_TOKEN: name };
    const worker = new Worker(new URL('instance.ts', import.meta.url), { workerData, env });
    const record = (failure: LogLine | undefined) => {
      if (failure !== undefined) failures.push(failure);
      warm.add(index);
      results.emit('result');
    };
    worker.on('message', ({ milliseconds, failure }: CallResult) => {
      times.push(milliseconds);
      record(failure);
    });
    // The other instances continue, and the soak fails.
    worker.on('error', (error) =>
      record({ instance: name, crashed: error instanceof Error ? error.name : typeof error }),
    );
    return { worker, ended: once(worker, 'exit').catch(() => undefined) };
  });

  return {
    times,
    failures,
    isWarm: () => warm.size === workers.length,
    async until(holds) {
      while (!signal.aborted && !holds()) await once(results, 'result', { signal }).catch(() => undefined);
    },
    async stop() {
      for (const { worker } of workers) worker.postMessage('stop');
      await Promise.all(workers.map(({ ended }) => ended));
    },
  };
}

type InstanceCall = Pick<InstanceData, 'call' | 'expected'>;

const readUser = (key: string, user: string): InstanceCall => ({
  call: { operation: 'users_id_user_get', path: { id_user: user }, headers: { authorization: key } },
  expected: `"id":${user},`,
});

const createToken = (key: string, user: string): InstanceCall => ({
  call: {
    operation: 'users_id_user_token_post',
    path: { id_user: user },
    headers: bearer(key),
    mediaType: 'application/x-www-form-urlencoded',
    fields: { application: 'sharedAccess' },
  },
  expected: '"token":"',
});
