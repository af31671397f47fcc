import { inspect } from 'node:util';
import { expect, vi } from 'vitest';
import { tracesIn } from '../traces.ts';

/** What functions wrote and threw. */
export interface Output {
  /** The log lines since the last time. */
  logs(): Record<string, unknown>[];
  /** Takes a note of what somebody outside would see of an error. */
  thrown(error: unknown): void;
  /** Fails when one of these is in what was written or thrown since the last time, encoded or not. */
  expectNone(secrets: string[]): void;
  release(): void;
}

/** Catches standard error, where functions log. */
export function catchOutput(): Output {
  let unread: string[] = [];
  let all: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    unread.push(String(chunk));
    all.push(String(chunk));
    return true;
  });
  return {
    logs: () => unread.splice(0).flatMap(lines),
    thrown: (error) => void all.push(inspect(error, { depth: Infinity, showHidden: true })),
    expectNone(secrets) {
      expect(tracesIn(all.join('\n'), new Map(secrets.map((secret) => [secret, secret])))).toEqual([]);
      [unread, all] = [[], []];
    },
    release: () => write.mockRestore(),
  };
}

function lines(chunk: string): Record<string, unknown>[] {
  return chunk
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
