import { Command, InvalidArgumentError } from 'commander';
import { table } from '#cli/table.ts';
import { soak, type SoakOptions, type SoakResult } from './soak.ts';

/** The limit of a soak, in milliseconds. */
const timeout = 510_000;

const options = new Command('npm run soak --')
  .description(
    'Makes manage-signed calls from many warm function instances while the manage token rotates continuously, and counts the requests at the ' +
      'servers. Everything runs in this process, on loopback. A soak ends within nine minutes.',
  )
  .option('--calls <n>', 'minimum number of calls', wholeNumber(1, 1_000_000), 50_000)
  .option('--rotations <n>', 'rotations of the manage token', wholeNumber(1, 10_000), 200)
  .option('--instances <n>', 'function instances', wholeNumber(1, 100), 20)
  .parse()
  .opts<SoakOptions>();
const report = (progress: string): void => void process.stderr.write(`${progress}\n`);
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // Everything runs in this process.
    if (stopping.signal.aborted) process.exit(130);
    report('Stopping after the running calls; a second signal stops at once.');
    stopping.abort();
  });
}
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeout)]);
const result = await soak(options, { signal, report });
const checks = checksOf(result, options);
const passed = checks.every(({ holds }) => holds);
const { aborted } = stopping.signal;
process.stdout.write(`${summary(result, options)}

${table([['', 'promise', 'observed'], ...checks.map(({ holds, promise, observed }) => [holds ? 'holds' : 'BROKEN', promise, observed])])}

${result.failures
  .slice(0, 10)
  .map((line) => `failed: ${JSON.stringify(line)}\n`)
  .join('')}${aborted ? 'STOPPED' : passed ? 'PASSED' : 'FAILED'} after ${seconds(performance.now())}
`);
process.exitCode = aborted ? 130 : passed ? 0 : 1;

function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`Use a whole number from ${minimum} to ${maximum}.`);
  };
}

/** The gateway's promises about rotations, with the observations of a soak. */
function checksOf(
  { callTimes, promoted, revocations, failures, reads, upstreamCalls, rejections }: SoakResult,
  { calls, rotations, instances }: SoakOptions,
): { promise: string; holds: boolean; observed: string }[] {
  return [
    {
      promise: 'A rotation causes no failed request',
      holds: failures.length === 0,
      observed: `${failures.length} failed`,
    },
    {
      promise: 'An instance reads the token at most once per rotation',
      holds: most(reads) <= 1 && reads.size >= instances,
      observed: `at most ${most(reads)}`,
    },
    {
      promise: 'A request makes at most two upstream calls',
      holds: most(upstreamCalls) <= 2 && upstreamCalls.size === callTimes.length,
      observed: `at most ${most(upstreamCalls)}`,
    },
    {
      promise: 'Every rotation puts its token into use',
      holds: promoted === rotations,
      observed: `${promoted} of ${rotations}`,
    },
    {
      promise: 'The soak made all calls, some of them with revoked tokens',
      holds: callTimes.length >= calls && revocations > 0 && rejections >= revocations,
      observed: `${callTimes.length} calls, ${rejections} rejections`,
    },
  ];
}

function most(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((one, other) => Math.max(one, other), 0);
}

function summary(
  { callTimes, rotationTimes, duration, upstreamCalls, reads, revocations, rejections }: SoakResult,
  { instances }: SoakOptions,
): string {
  const retried = [...upstreamCalls.values()].filter((count) => count > 1).length;
  const refreshes = [...reads.values()].reduce((sum, count) => sum + count, 0) - instances;
  return table([
    ['Calls', `${whole(callTimes.length)} by ${instances} instances in ${seconds(duration)}`],
    ['', `median ${quantile(callTimes, 0.5)}, 99 % within ${quantile(callTimes, 0.99)}`],
    ['Rotations', `${whole(rotationTimes.length)} in sequence, median ${quantile(rotationTimes, 0.5)}`],
    ['Revocations', `after ${whole(revocations)} of them, of all older tokens`],
    ['Rejected upstream', `${whole(rejections)} calls with a revoked token; ${whole(retried)} requests were retried`],
    ['Refreshes', `${whole(refreshes)}, of ${whole(revocations * instances)} if every instance met every revocation`],
  ]);
}

function quantile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  const time = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `${whole(Math.round(time))} ms`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function whole(figure: number): string {
  return figure.toLocaleString('en');
}
