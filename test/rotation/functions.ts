import { inspect } from 'node:util';
import { expect, vi } from 'vitest';
import type { JobHandler } from '#lib/jobs/job.ts';
import { newContext } from '#local/api-gateway/invoke.ts';
import { tracesIn } from '../traces.ts';
import type { Gate } from './gate.ts';

/** Runs scheduled functions as Lambda does, with every call through the gate: a container stays warm until it dies. */
export function createLambda(gate: Gate) {
  const warm = new Map<string, JobHandler>();

  /** Invokes a function. Throws the function's error, or another one when its container dies. */
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

  return {
    invoke,
    /** Makes the next invocation of every function a cold start. */
    reset: () => warm.clear(),
  };
}

/** Loads a function's modules anew, as a new container does. */
async function coldStart(name: string): Promise<JobHandler> {
  vi.resetModules();
  // Every function's file exports its handler.
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: JobHandler };
  return handler;
}

/** Captures the output of functions: standard error, to which they log, and errors. */
export function captureOutput() {
  let unread: string[] = [];
  let all: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    unread.push(String(chunk));
    all.push(String(chunk));
    return true;
  });
  return {
    /** Returns the log lines since the last call. */
    logs: () => unread.splice(0).flatMap(parseLines),
    /** Adds an error that a function threw. */
    thrown: (error: unknown) => void all.push(inspect(error, { depth: Infinity, showHidden: true })),
    /** Fails when a secret, in plain text or encoded, is in the output since the last call. */
    expectNone(secrets: string[]) {
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
