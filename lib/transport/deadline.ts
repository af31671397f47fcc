/** The end of a call's time. */
export interface Deadline {
  /** Aborts after the time, with a `TimeoutError` as `AbortSignal.timeout` does, or when one of the followed signals aborts, with its reason. */
  signal: AbortSignal;
  /** Has to be called when the call is over, so that neither a timer nor a listener outlives it. */
  release: () => void;
}

/**
 * Begins the time of a call, in milliseconds; it does not keep the process alive. `AbortSignal.timeout` and `AbortSignal.any` take five times
 * as long, as they leave it to the garbage collector to end them.
 */
export function deadline(time: number, followed: readonly (AbortSignal | undefined)[] = []): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  }, time);
  timer.unref();
  const releases = [() => clearTimeout(timer)];
  for (const signal of followed) {
    if (signal === undefined) continue;
    const follow = () => controller.abort(signal.reason);
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
    releases.push(() => signal.removeEventListener('abort', follow));
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const release of releases) release();
    },
  };
}
