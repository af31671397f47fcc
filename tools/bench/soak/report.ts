import type { SoakOptions } from './options.ts';
import type { Judged } from './promises.ts';
import type { Soaked } from './soak.ts';

/** The text of a soak's report; `ending` is how it ended. */
export function report(soaked: Soaked, options: SoakOptions, judged: readonly Judged[], ending: string): string {
  const failures = soaked.failures.slice(0, 10).map((line) => `  ${JSON.stringify(line)}`);
  const lines = [
    'Manage-signed calls while the manage token rotates',
    '',
    ...figures(soaked, options).map(([name, figure]) => `  ${name.padEnd(18)}${figure}`),
    '',
    ...judged.map(({ promise, kept, seen }) => `  ${kept ? 'kept  ' : 'BROKEN'}  ${promise.padEnd(56)}${seen}`),
    '',
    ...(failures.length === 0 ? [] : ['The first failures, as logged:', ...failures, '']),
    ending,
    '',
  ];
  return lines.join('\n');
}

function figures(soaked: Soaked, { instances }: SoakOptions): [string, string][] {
  const { callTimes, rotationTimes, duration, upstreamCalls, reads, revoking, rejections } = soaked;
  const twice = [...upstreamCalls.values()].filter((calls) => calls > 1).length;
  const refreshes = [...reads.values()].reduce((sum, count) => sum + count, 0) - instances;
  return [
    ['Calls', `${whole(callTimes.length)} by ${instances} instances in ${seconds(duration)}`],
    ['', `median ${within(callTimes, 0.5)}, 99 % within ${within(callTimes, 0.99)}`],
    ['Rotations', `${whole(rotationTimes.length)} back to back, median ${within(rotationTimes, 0.5)}`],
    ['Revocations', `after ${whole(revoking)} of them, of all older tokens at once`],
    [
      'Refused upstream',
      `${whole(rejections)} calls with a revoked token; ${whole(twice)} requests took a second call`,
    ],
    [
      'Refreshes',
      `${whole(refreshes)} after the first reads; ${whole(revoking * instances)} if each instance met each revocation`,
    ],
  ];
}

function within(times: readonly number[], share: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  const time = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `${whole(Math.round(time))} ms`;
}

/** A time as text. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const whole = (figure: number): string => figure.toLocaleString('en');
