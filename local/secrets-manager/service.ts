import type { Store } from '../store.ts';
import { ServiceError } from './errors.ts';
import { operations } from './operations.ts';
import type { Call } from './protocol.ts';
import { makeQueue } from './queue.ts';
import { type RotationEvent, makeRotator } from './rotation/rotator.ts';
import type { Secret } from './secret.ts';
import { openSecrets } from './secrets.ts';

/** What the service does beside keeping secrets, each with a default. */
export interface ServiceOptions {
  /** The time in epoch milliseconds; by default the machine's. */
  now?: () => number;
  /** Runs one step of a rotation, as the service's call of the rotation function does; rejects when the function fails. */
  invoke?: (functionArn: string, event: RotationEvent) => Promise<void>;
  /** How long to wait before each further attempt at a rotation that failed; by default 1, 2 and 4 seconds. */
  rotationRetryDelaysMs?: readonly number[];
  /** The time between two rotations, instead of what each secret's own rules say. */
  rotationIntervalMs?: ((secretName: string) => number | undefined) | undefined;
  /** Told of each change of a secret when it is on disk. */
  onChange?: (() => void) | undefined;
  /** Asked before each operation is carried out, for tests of outages. */
  fail?: (operation: string, request: unknown) => Failure | undefined;
}

/** A throttled request, the service's own failure, or no answer at all. */
type Failure = 'throttle' | 'internal' | 'hang';

/** The service without its transport. */
export interface Service {
  /** Carries out an operation. Rejects with a ServiceError. */
  perform(call: Call): Promise<object>;
  runDueRotations(): Promise<void>;
  /** Lets the operation that is being carried out end, then closes the store. */
  close(): Promise<void>;
}

/** Makes the service over a store, which it closes. */
export function openService(options: ServiceOptions, store: Store): Service {
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
    async perform({ operation: name, region, body }) {
      const operation = operations.get(name);
      if (operation === undefined) throw new ServiceError('UnknownOperationException', `Unknown operation: ${name}.`);
      await outage(fail?.(name, body));
      return inTurn(async () => {
        await secrets.purge(now());
        return operation(body, { secrets, rotator, region, now: now() });
      });
    },
    runDueRotations: () => rotator.runDue(),
    close() {
      rotator.stop();
      return inTurn(() => store.close());
    },
  };
}

async function outage(failure: Failure | undefined): Promise<void> {
  if (failure === 'throttle') throw new ServiceError('ThrottlingException', 'Rate exceeded');
  if (failure === 'internal') throw new ServiceError('InternalServiceError', 'An error occurred on the server side.');
  if (failure === 'hang') await new Promise<never>(() => {});
}

const noFunction = () => Promise.reject(new Error('This server runs no rotation functions.'));
