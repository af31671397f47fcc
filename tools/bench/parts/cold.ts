import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventOf, type Call } from '../../calls.ts';
import type { BenchContext, Part, Requests } from '../context.ts';
import { inTurns, median, number, spread, spreadOf, type Spread } from '../figures.ts';
import { bundlePeers, coldPeers } from '../peers.ts';
import { forkProgram, processFile } from '../processes.ts';

/** A cold start, as multiples of an empty function's in the same round. */
export interface ColdFigures {
  name: string;
  time: Spread;
  /** The processor time. */
  work: Spread;
  /** The peak memory. */
  peak: Spread;
  /** The requests of the first call. */
  requests: Requests;
  /** The time itself, on this machine. */
  milliseconds: Spread;
}

/** The cold starts. */
export interface ColdResult {
  rounds: number;
  empty: { milliseconds: Spread; peakBytes: Spread };
  functions: ColdFigures[];
  peers: ColdFigures[];
}

/** Starts of the empty function in each round; other starts are divided by their median. */
const emptyStarts = 3;

/** Starts every function and every peer in turns, each in its own process, until its first response. */
export const cold: Part<ColdResult> = {
  title: 'Cold: from the start of a process to its first response',
  async measure(context) {
    const rounds = context.quick ? 5 : 19;
    const functions = await prepareFunctions(context);
    const peers = await preparePeers(context, Object.keys(coldPeers));
    const empties = (await preparePeers(context, ['empty'])).flatMap((empty) =>
      Array.from({ length: emptyStarts }, () => ({ ...empty })),
    );
    const start = createStarter(context.signal);
    const subjects = interleave([...functions, ...peers], empties);
    // The first start of each reads its files from the disk.
    const firsts = await inTurns('cold starts, with empty file caches', subjects, 1, context, async (subject) => {
      await start(subject);
      return context.requests();
    });
    const starts = await inTurns('cold starts', subjects, rounds, context, start);
    const startsOf = (subject: Startable): readonly Start[] => starts.get(subject) ?? [];
    const emptyIn = (round: number, figure: keyof Start) =>
      median(empties.flatMap((subject) => startsOf(subject)[round]?.[figure] ?? []));
    const figuresOf = (subject: Startable): ColdFigures => {
      const ratio = (figure: keyof Start) =>
        spreadOf(startsOf(subject).map((one, round) => one[figure] / emptyIn(round, figure)));
      return {
        name: subject.name,
        time: ratio('time'),
        work: ratio('work'),
        peak: ratio('peak'),
        requests: firsts.get(subject)?.[0] ?? { aws: 0, upstream: 0 },
        milliseconds: spreadOf(startsOf(subject).map(({ time }) => time)),
      };
    };
    const allEmpty = empties.flatMap(startsOf);
    return {
      rounds,
      empty: {
        milliseconds: spreadOf(allEmpty.map(({ time }) => time)),
        peakBytes: spreadOf(allEmpty.map(({ peak }) => peak)),
      },
      functions: functions.map(figuresOf),
      peers: peers.map(figuresOf),
    };
  },
  table: ({ functions, peers }) => [
    ['cold start', 'time, × empty', 'processor, × empty', 'peak memory, × empty', 'ms', 'AWS calls', 'Budgea calls'],
    ...[...functions, ...peers].map(({ name, time, work, peak, milliseconds, requests: { aws, upstream } }) => [
      coldPeers[name] ?? name,
      spread(time),
      spread(work),
      spread(peak),
      number(milliseconds.median),
      number(aws),
      number(upstream),
    ]),
  ],
};

/** A bundle with a `handler`, and a file with the event of its first invocation. */
export interface Startable {
  name: string;
  bundle: string;
  event: string;
  variables: Readonly<Record<string, string>>;
}

/** The functions of the operations, with their typical calls. */
export async function prepareFunctions({ folder, bundles, calls, variablesOf }: BenchContext): Promise<Startable[]> {
  const startables = bundles.map(async ({ name, file }) => {
    const call = calls[name];
    if (call === undefined) return [];
    return [{ name, bundle: file, event: await writeEvent(folder, name, call), variables: variablesOf(name) }];
  });
  return (await Promise.all(startables)).flat();
}

/** Peers, by folder. */
export async function preparePeers(
  { folder, peerCall, peerVariables: variables }: BenchContext,
  names: readonly string[],
): Promise<Startable[]> {
  const event = await writeEvent(folder, 'peers', peerCall);
  const files = await bundlePeers(join(folder, 'peers'), names);
  return [...files].map(([name, bundle]) => ({ name, bundle, event, variables }));
}

async function writeEvent(folder: string, name: string, call: Call): Promise<string> {
  const events = join(folder, 'events');
  await mkdir(events, { recursive: true });
  await writeFile(join(events, `${name}.json`), JSON.stringify(eventOf(call)));
  return join(events, `${name}.json`);
}

/** One start. */
export interface Start {
  /** From the start of the process to its first response, in milliseconds. */
  time: number;
  /** The processor time until then, in milliseconds. */
  work: number;
  /** The peak memory, in bytes. */
  peak: number;
}

/** Returns a function that starts one process at a time and invokes its handler once; it rejects when the response is no success. */
export function createStarter(signal: AbortSignal): (startable: Startable) => Promise<Start> {
  const child = forkProgram('starter.mjs', [], signal);
  return async ({ name, bundle, event, variables }) => {
    const answered = once(child, 'message', { signal });
    child.send({
      command: process.execPath,
      args: [processFile('runner.mjs'), bundle, event],
      cwd: dirname(bundle),
      env: variables,
    });
    // The starter sends one of these.
    const [answer] = (await answered) as [{ error: string } | { error?: undefined; time: number; printed: string }];
    if (answer.error !== undefined) throw new Error(`${name} cannot be started: ${answer.error}`);
    const [status = '', figures = '{}'] = answer.printed.split('\n');
    if (!/^[23]\d\d$/.test(status)) throw new Error(`${name} returned ${status || 'nothing'} after its start`);
    const { work, peak } = JSON.parse(figures) as { work: number; peak: number | null }; // The runner's output.
    return { time: answer.time, work, peak: peak ?? Number.NaN };
  };
}

/** Distributes some subjects evenly among the others. */
function interleave<T>(others: readonly T[], some: readonly T[]): T[] {
  const gap = Math.ceil(others.length / some.length);
  return some.flatMap((one, index) => [one, ...others.slice(index * gap, (index + 1) * gap)]);
}
