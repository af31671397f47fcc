import { onTestFinished, vi } from 'vitest';

/** A timer that runs when the test says so, and not before. */
interface HeldTimer {
  milliseconds: number;
  run: () => void;
}

/**
 * Holds the timers of some lengths that are set from now on, until the test ends. Returns them in the order in which they are set: the test
 * decides when a time is over, however slow the machine is. All other timers run as usual.
 */
export function holdTimers(isHeld: (milliseconds: number) => boolean): HeldTimer[] {
  const held: HeldTimer[] = [];
  const { setTimeout } = globalThis;
  const setOrHold = (run: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) => {
    if (!isHeld(milliseconds)) return setTimeout(run, milliseconds, ...args);
    held.push({ milliseconds, run: () => run(...args) });
    // The caller can clear it.
    return setTimeout(() => undefined, longest).unref();
  };
  // Of the overloads, the spy's type has the last one alone, whose callback takes no argument.
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(setOrHold as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
  return held;
}

/** Node's longest timer. */
const longest = 2 ** 31 - 1;
