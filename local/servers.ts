import type { RunningServer } from './loopback.ts';

type Server = Pick<RunningServer, 'close'>;

/** The error of a server that cannot start. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  readonly part: string;
  readonly port: number;

  constructor(part: string, port: number, cause: unknown) {
    super(`The ${part} cannot start on port ${port}.`, { cause });
    this.part = part;
    this.port = port;
  }
}

/** Manages the servers of a stack, on ports from `firstPort` (0 for free ones). They stop in reverse order: the first ones call the others. */
export function createServers(firstPort: number) {
  const running: Server[] = [];
  return {
    /** Starts a server on the port at an offset. Throws StartFailure. */
    async start<T extends Server>(part: string, offset: number, start: (port: number) => Promise<T>): Promise<T> {
      const port = firstPort === 0 ? 0 : firstPort + offset;
      const server = await start(port).catch((cause: unknown) => {
        throw new StartFailure(part, port, cause);
      });
      running.push(server);
      return server;
    },
    /** Stops all servers. Never rejects. */
    async close(): Promise<void> {
      for (const server of running.splice(0).toReversed()) await server.close().catch(() => undefined);
    },
  };
}
