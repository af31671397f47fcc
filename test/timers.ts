import { onTestFinished, vi } from 'vitest';

/** A timer that the test runs. */
interface PausedTimer {
  milliseconds: number;
  run: () => void;
}

/**
 * Pauses the matching timers that are set during the test and returns them in order. The test runs them, so that it does not depend on the
 * speed of the machine. Other timers run as usual.
 */
export function pauseTimers(matches: (milliseconds: number) => boolean): PausedTimer[] {
  const paused: PausedTimer[] = [];
  const { setTimeout } = globalThis;
  const setOrPause = (run: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) => {
    if (!matches(milliseconds)) return setTimeout(run, milliseconds, ...args);
    paused.push({ milliseconds, run: () => run(...args) });
    // Returned so that the caller can clear it.
    return setTimeout(() => undefined, maxTimeout).unref();
  };
  // The spy's type has only the last overload, whose callback takes no argument.
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(setOrPause as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
  return paused;
}

/** The maximum timeout in Node. */
const maxTimeout = 2 ** 31 - 1;
