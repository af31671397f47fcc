import { now } from '#lib/clock.ts';

/** The number of requests that each route accepts. */
export interface Throttling {
  requestsPerSecond: number;
  burst: number;
}

/**
 * Returns a function that reports whether a route accepts one more request. Each route has a token bucket of `burst` tokens, refilled at
 * `requestsPerSecond`. Source: "Throttle requests to your HTTP APIs" in the API Gateway developer guide.
 */
export function createThrottle({ requestsPerSecond, burst }: Throttling): (routeKey: string) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (routeKey) => {
    const { tokens, at } = buckets.get(routeKey) ?? { tokens: burst, at: now() };
    const filled = Math.min(burst, tokens + ((now() - at) / 1000) * requestsPerSecond);
    const accepts = filled >= 1;
    buckets.set(routeKey, { tokens: accepts ? filled - 1 : filled, at: now() });
    return accepts;
  };
}
