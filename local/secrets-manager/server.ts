import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Store, openStore } from '../store.ts';
import { ServiceError } from './errors.ts';
import { operations } from './operations.ts';
import { type Call, answer, answerError, readCall } from './protocol.ts';
import { makeQueue } from './queue.ts';
import type { Secret } from './secret.ts';
import { openSecrets } from './secrets.ts';

/** How to run the local Secrets Manager. */
export interface SecretsManagerOptions {
  /** 0 takes any free port. */
  port: number;
  /** The folder that keeps the state; in memory alone without one. */
  folder?: string;
  /** The time in epoch milliseconds; by default the machine's. */
  now?: () => number;
  /** Runs one step of a rotation, as the service's call of the rotation function does; rejects when the function fails. */
  invoke?: (functionArn: string, event: RotationEvent) => Promise<void>;
  /** Asked before each operation is carried out, for tests of outages. */
  fail?: (operation: string, request: unknown) => Failure | undefined;
}

/** What a rotation function is called with: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
export interface RotationEvent {
  SecretId: string;
  ClientRequestToken: string;
  Step: string;
  RotationToken?: string;
}

/** A throttled request, the service's own failure, or no answer at all. */
export type Failure = 'throttle' | 'internal' | 'hang';

/** A Secrets Manager that answers at `url`. */
export interface RunningSecretsManager {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Starts a Secrets Manager on the loopback interface. Rejects with EADDRINUSE when the port is taken. */
export async function startSecretsManager(options: SecretsManagerOptions): Promise<RunningSecretsManager> {
  const ready = Promise.withResolvers<Service>();
  const server = createServer((request, response) => {
    void ready.promise.then((service) => respond(service, request, response));
  });
  server.keepAliveTimeout = 60_000;

  // The port before the folder: a second server of the same kind then hears that the port is taken.
  await listen(server, options.port);
  const store = await openStore(options.folder).catch(async (error: unknown) => {
    await stop(server);
    throw error;
  });
  const service = openService(options, store);
  ready.resolve(service);

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      await stop(server);
      await service.close();
    },
  };
}

interface Service {
  perform(call: Call): Promise<object>;
  close(): Promise<void>;
}

function openService({ now = Date.now, fail }: SecretsManagerOptions, store: Store): Service {
  const secrets = openSecrets(store.table<Secret>('secrets'));
  const inTurn = makeQueue();

  return {
    async perform({ operation: name, region, body }) {
      const operation = operations.get(name);
      if (operation === undefined) throw new ServiceError('UnknownOperationException', `Unknown operation: ${name}.`);
      await outage(fail?.(name, body));
      return inTurn(async () => {
        await secrets.purge(now());
        return operation(body, { secrets, region, now: now() });
      });
    },
    close: () => inTurn(() => store.close()),
  };
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    answer(response, 200, await service.perform(await readCall(request)));
  } catch (error) {
    answerError(response, error);
  }
}

async function outage(failure: Failure | undefined): Promise<void> {
  if (failure === 'throttle') throw new ServiceError('ThrottlingException', 'Rate exceeded');
  if (failure === 'internal') {
    throw new ServiceError('InternalServiceError', 'An error occurred on the server side.');
  }
  if (failure === 'hang') await new Promise<never>(() => {});
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
