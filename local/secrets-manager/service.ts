import type { Store } from '../store.ts';
import { internalError, ServiceError } from './errors.ts';
import { operations } from './operations.ts';
import { makeQueue } from './queue.ts';
import { type RotationEvent, makeRotator } from './rotation/rotator.ts';
import type { Secret } from './secret.ts';
import { openSecrets } from './secrets.ts';

/** The settings of the service. */
export interface ServiceOptions {
  /** Returns the time in epoch milliseconds; by default the machine's. */
  now?: () => number;
  /** Runs one step of a rotation; rejects when the function fails. */
  invoke?: (functionArn: string, event: RotationEvent) => Promise<void>;
  /** The delay before each retry of a failed rotation; by default 1, 2 and 4 seconds. */
  rotationRetryDelaysMs?: readonly number[];
  /** Overrides the rotation interval in a secret's rules. */
  rotationIntervalMs?: ((secretName: string) => number | undefined) | undefined;
  /** Called after each change of a secret, when it is on disk. */
  onChange?: (() => void) | undefined;
  /** Called before each operation; simulates an outage in tests. */
  fail?: (operation: string, request: unknown) => Failure | undefined;
}

/** Throttling, an internal error, or no response. */
type Failure = 'throttle' | 'internal' | 'hang';

/** A request for an operation. */
export interface Call {
  operation: string;
  /** The region in the client's signature, which is not verified. */
  region: string;
  body: unknown;
}

/** The service without its HTTP server. */
export type Service = ReturnType<typeof openService>;

/** Creates the service on a store. */
export function openService(options: ServiceOptions, store: Store) {
  const { now = Date.now, fail } = options;
  const secrets = openSecrets(store.table<Secret>('secrets'), options.onChange);
  const inTurn = makeQueue();
  const rotator = makeRotator({
    secrets,
    inTurn,
    now,
    invoke: options.invoke ?? noFunction,
    retryDelaysMs: options.rotationRetryDelaysMs ?? [1000, 2000, 4000],
    intervalMs: options.rotationIntervalMs,
  });

  return {
    /** Runs an operation. Rejects with ServiceError. */
    async perform({ operation: name, region, body }: Call): Promise<object> {
      const operation = operations.get(name);
      if (operation === undefined) throw new ServiceError('UnknownOperationException', `Unknown operation: ${name}.`);
      await simulate(fail?.(name, body));
      return inTurn(async () => {
        await secrets.purge(now());
        return operation(body, { secrets, rotator, region, now: now() });
      });
    },
    runDueRotations: () => rotator.runDue(),
    /** Waits for the running operation and closes the store. */
    close() {
      rotator.stop();
      return inTurn(() => store.close());
    },
  };
}

async function simulate(failure: Failure | undefined): Promise<void> {
  if (failure === 'throttle') throw new ServiceError('ThrottlingException', 'Rate exceeded');
  if (failure === 'internal') throw internalError();
  if (failure === 'hang') await new Promise<never>(() => {});
}

const noFunction = () => Promise.reject(new Error('This server runs no rotation functions.'));
