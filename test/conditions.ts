import { vi } from 'vitest';

/** Runs `during` with the clock moved forward, for the gateway and the sandbox, which run in this process. */
export async function secondsLater<T>(seconds: number, during: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
  return during().finally(() => vi.useRealTimers());
}

/** Runs `during` with a table name that does not exist. */
export async function withoutTable<T>(during: () => Promise<T>): Promise<T> {
  return withSetting('TABLE_NAME', 'no-such-table', during);
}

/** Runs `during` with another value of an environment variable. */
export async function withSetting<T>(name: string, value: string, during: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  return during().finally(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}
