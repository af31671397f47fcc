import type { Overhead } from './overhead.ts';

/** A call through the gateway should take at most so many times a direct one on loopback, where upstream takes no time. */
const goal = 3;

/** The text about what a warm gateway adds to a request. */
export function overheadReport({ ratio, added }: Overhead): string {
  return `Warm requests: auth-token-code-get against an upstream on loopback that does nothing

  through the gateway  ${ratio.toFixed(2)} times a direct call, ${Math.round(added)} µs more   goal ≤ ${goal.toFixed(1)}  ${ratio <= goal ? 'met' : 'MISSED'}
`;
}
