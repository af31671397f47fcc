import { once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireLoopback } from '../loopback.ts';
import { openStore } from '../store.ts';
import { ServiceError } from './errors.ts';
import { answer, answerError, errorBody, mediaType, readCall } from './protocol.ts';
import { type Service, type ServiceOptions, openService } from './service.ts';

/** How to run the local Secrets Manager. */
export interface SecretsManagerOptions extends ServiceOptions {
  /** 0 takes any free port. */
  port: number;
  /** The id of the only access key that it accepts. */
  accessKeyId: string;
  /** The folder that keeps the state; in memory alone without one. */
  folder?: string;
  /** How often to look for rotations that are due; without it, only `runDueRotations` does. */
  scheduleIntervalMs?: number;
}

/** A Secrets Manager that answers at `url`. */
export interface RunningSecretsManager {
  url: string;
  port: number;
  /** Begins every rotation that is due or was interrupted by a stop; resolves when none is running any more. */
  runDueRotations(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a Secrets Manager on the loopback interface. Rejects with EADDRINUSE when the port is taken. */
export async function startSecretsManager(options: SecretsManagerOptions): Promise<RunningSecretsManager> {
  const ready = Promise.withResolvers<Service>();
  const server = createServer((request, response) => {
    void ready.promise.then((service) =>
      respond(response, async () => service.perform(await readCall(request, options.accessKeyId))),
    );
  });
  requireLoopback(server, (message) => ({
    type: mediaType,
    body: JSON.stringify(errorBody(new ServiceError('AccessDeniedException', message))),
  }));
  // Longer than a client keeps an idle connection, so that it never sends into one that is closing.
  server.keepAliveTimeout = 60_000;

  // The port before the folder: a second server of the same kind then hears that the port is taken.
  await listen(server, options.port);
  const store = await openStore(options.folder).catch(async (error: unknown) => {
    await stop(server);
    throw error;
  });
  const service = openService(options, store);
  ready.resolve(service);

  const runDueRotations = () => service.runDueRotations();
  const schedule = every(options.scheduleIntervalMs, runDueRotations);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    runDueRotations,
    async close() {
      clearInterval(schedule);
      await stop(server);
      await service.close();
    },
  };
}

async function respond(response: ServerResponse, perform: () => Promise<object>): Promise<void> {
  try {
    answer(response, 200, await perform());
  } catch (error) {
    answerError(response, error);
  }
}

/** Does not keep the process alive. */
function every(milliseconds: number | undefined, task: () => Promise<void>): NodeJS.Timeout | undefined {
  return milliseconds === undefined ? undefined : setInterval(() => void task(), milliseconds).unref();
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
