import { vi } from 'vitest';

/** Runs `during` as if so many seconds had passed, for the gateway and the sandbox alike: they share this process and its clock. */
export async function later<T>(seconds: number, during: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
  return during().finally(() => vi.useRealTimers());
}

/** Runs `during` without the gateway's table. */
export async function withoutTable<T>(during: () => Promise<T>): Promise<T> {
  return withSetting('TABLE_NAME', 'no-such-table', during);
}

/** Runs `during` with another value of a function's setting. */
export async function withSetting<T>(name: string, value: string, during: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  return during().finally(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}
