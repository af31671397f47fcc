import { setTimeout as sleep } from 'node:timers/promises';

/** How long every call waits before it is looked at. */
export interface Latency {
  /** In milliseconds. */
  get: () => number;
  set: (milliseconds: number) => void;
  /** Resolves when a call that came now has waited. */
  pass: () => Promise<void>;
}

/** Makes a latency of nothing; it lives as long as the process. */
export function createLatency(): Latency {
  let latency = 0;
  return {
    get: () => latency,
    set(milliseconds) {
      latency = milliseconds;
    },
    async pass() {
      if (latency > 0) await sleep(latency, undefined, { ref: false });
    },
  };
}
