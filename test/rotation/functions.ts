import { inspect } from 'node:util';
import { expect, vi } from 'vitest';
import type { JobHandler } from '#lib/jobs/job.ts';
import { newContext } from '#local/api-gateway/context.ts';
import { tracesIn } from '../traces.ts';
import type { Gate } from './gate.ts';

/** Scheduled functions as Lambda runs them: a container stays warm until it dies. */
export interface Lambda {
  /** Invokes a function. Throws the function's error, or another one when its container dies. */
  invoke(name: string, event: unknown): Promise<void>;
  /** Makes the next invocation of every function a cold start. */
  reset(): void;
}

/** Returns a Lambda whose functions make every call through the gate. */
export function createLambda(gate: Gate): Lambda {
  const warm = new Map<string, JobHandler>();

  async function invoke(name: string, event: unknown): Promise<void> {
    const handler = warm.get(name) ?? (await coldStart(name));
    warm.set(name, handler);
    const running = handler(event, newContext(name, 60_000));
    const ended = Promise.allSettled([running]);
    // Lambda kills the container of a function that times out.
    const timedOut = gate.hung().then(() => gate.kill());
    await Promise.race([ended, timedOut]);
    await ended;
    if (!gate.isDead()) return running;
    warm.clear();
    gate.revive();
    throw new Error('the container died');
  }

  return { invoke, reset: () => warm.clear() };
}

/** Loads a function's modules anew, as a new container does. */
async function coldStart(name: string): Promise<JobHandler> {
  vi.resetModules();
  // Every function's file exports its handler.
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: JobHandler };
  return handler;
}

/** The output of functions: their log lines and errors. */
export interface Output {
  /** Returns the log lines since the last call. */
  logs(): Record<string, unknown>[];
  /** Adds an error that a function threw. */
  thrown(error: unknown): void;
  /** Fails when a secret, in plain text or encoded, is in the output since the last call. */
  expectNone(secrets: string[]): void;
  release(): void;
}

/** Captures standard error, to which functions log. */
export function captureOutput(): Output {
  let unread: string[] = [];
  let all: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    unread.push(String(chunk));
    all.push(String(chunk));
    return true;
  });
  return {
    logs: () => unread.splice(0).flatMap(parseLines),
    thrown: (error) => void all.push(inspect(error, { depth: Infinity, showHidden: true })),
    expectNone(secrets) {
      if (secrets.length > 0) {
        expect(tracesIn(all.join('\n'), new Map(secrets.map((secret) => [secret, secret])))).toEqual([]);
      }
      [unread, all] = [[], []];
    },
    release: () => write.mockRestore(),
  };
}

function parseLines(chunk: string): Record<string, unknown>[] {
  const lines = chunk.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
