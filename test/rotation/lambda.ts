import { vi } from 'vitest';
import type { JobHandler } from '#lib/jobs/job.ts';
import { newContext } from '#local/api-gateway/context.ts';
import type { Gate } from './gate.ts';

/** Scheduled functions as Lambda runs them: a container stays warm until it dies, with everything that it was doing. */
export interface Lambda {
  /** Runs a function once. Rejects as it does, or when its container dies. */
  invoke(name: string, event: unknown): Promise<void>;
  /** Makes every function cold. */
  forget(): void;
}

/** Makes it, for functions that reach everything through a gate. */
export function makeLambda(gate: Gate): Lambda {
  const warm = new Map<string, JobHandler>();

  async function invoke(name: string, event: unknown): Promise<void> {
    const handler = warm.get(name) ?? (await coldStart(name));
    warm.set(name, handler);
    const running = handler(event, newContext(name, 60_000));
    const ended = Promise.allSettled([running]);
    // Lambda waits until the function's time is over, and then kills the container.
    const hangs = gate.hung().then(() => gate.kill());
    await Promise.race([ended, hangs]);
    await ended;
    if (!gate.isDead()) return running;
    warm.clear();
    gate.revive();
    throw new Error('the container is gone');
  }

  return { invoke, forget: () => warm.clear() };
}

/** A module graph of its own, as a new container has. */
async function coldStart(name: string): Promise<JobHandler> {
  vi.resetModules();
  // Every function file exports its handler.
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: JobHandler };
  return handler;
}
