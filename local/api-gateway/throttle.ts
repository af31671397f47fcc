import { now } from '#lib/clock.ts';

/** How many calls a route takes. */
export interface Throttling {
  /** Steadily. */
  requestsPerSecond: number;
  /** At once, after a pause. */
  burst: number;
}

/**
 * Makes the judge of whether a route takes one more call now: each route has a bucket of its own, `burst` deep, that fills by
 * `requestsPerSecond`. Source: "Throttle requests to your HTTP APIs" in the API Gateway developer guide.
 */
export function createThrottle({ requestsPerSecond, burst }: Throttling): (routeKey: string) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (routeKey) => {
    const { tokens, at } = buckets.get(routeKey) ?? { tokens: burst, at: now() };
    const filled = Math.min(burst, tokens + ((now() - at) / 1000) * requestsPerSecond);
    const takes = filled >= 1;
    buckets.set(routeKey, { tokens: takes ? filled - 1 : filled, at: now() });
    return takes;
  };
}
