import type { SoakOptions } from './options.ts';
import type { Soaked } from './soak.ts';

/** One promise of the gateway's, and whether this soak saw it kept. */
export interface Judged {
  promise: string;
  kept: boolean;
  seen: string;
}

const most = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => Math.max(a, b), 0);

/** Judges a soak. */
export function judge(soaked: Soaked, { calls, rotations, instances }: SoakOptions): Judged[] {
  const { callTimes, promoted, revoking, failures, reads, upstreamCalls, rejections } = soaked;
  const mostReads = most(reads);
  const mostCalls = most(upstreamCalls);
  return [
    {
      promise: 'A rotation costs no caller a failed request',
      kept: failures.length === 0,
      seen: `${failures.length} failed`,
    },
    {
      promise: 'An instance reads the token at most once per rotation',
      kept: mostReads <= 1 && reads.size >= instances,
      seen: `most: ${mostReads}`,
    },
    {
      promise: 'A request makes at most two upstream calls',
      kept: mostCalls <= 2 && upstreamCalls.size === callTimes.length,
      seen: `most: ${mostCalls}`,
    },
    {
      promise: 'Every rotation ends with its token in use',
      kept: promoted === rotations,
      seen: `${promoted} of ${rotations}`,
    },
    {
      promise: 'The soak was one: all calls made, revoked tokens met',
      kept: callTimes.length >= calls && revoking > 0 && rejections >= revoking,
      seen: `${callTimes.length} calls, ${rejections} refusals`,
    },
  ];
}
