import type { Readable, Writable } from 'node:stream';

/** The three standard streams; what a terminal has and a pipe has not is optional. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
}

/** Where a command writes to. */
export type Output = Writable & { isTTY?: boolean; columns?: number };
