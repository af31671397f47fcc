interface Server {
  close(): Promise<void>;
}

/** A part of the stack that could not start. */
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

/** The servers of one stack, on consecutive ports; they stop in the reverse order of their start, as the first calls the others. */
export interface Servers {
  /** Starts one at `offset` from the first port. Throws StartFailure. */
  start<T extends Server>(part: string, offset: number, start: (port: number) => Promise<T>): Promise<T>;
  /** Stops all of them. Never rejects. */
  close(): Promise<void>;
}

/** Makes an empty set of servers; with `firstPort` 0, each takes any free port. */
export function createServers(firstPort: number): Servers {
  const running: Server[] = [];
  return {
    async start(part, offset, start) {
      const port = firstPort === 0 ? 0 : firstPort + offset;
      const server = await start(port).catch((cause: unknown) => {
        throw new StartFailure(part, port, cause);
      });
      running.push(server);
      return server;
    },
    async close() {
      for (const server of running.splice(0).toReversed()) await server.close().catch(() => undefined);
    },
  };
}
