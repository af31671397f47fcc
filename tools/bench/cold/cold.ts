import type { Bundle } from '#infra/bundle.ts';
import { median, spreadOf, type Spread } from '../spread.ts';
import type { Requests, Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';
import { coldPeers } from '../names.ts';
import { prepareFunctions, preparePeers } from './prepare.ts';
import { startStarter, type Start, type Startable } from './start.ts';

/** What a start takes, as multiples of what an empty function's takes in the same round. */
export interface ColdFigures {
  name: string;
  time: Spread;
  /** Of the processor. */
  work: Spread;
  /** The most memory. */
  peak: Spread;
  /** What the first answer asked of others. */
  requests: Requests;
  /** The time by itself, on this machine. */
  milliseconds: Spread;
}

/** What cold starts take. */
export interface ColdResult {
  rounds: number;
  empty: { milliseconds: Spread; peakBytes: Spread };
  functions: ColdFigures[];
  peers: ColdFigures[];
}

/** Starts of an empty function in each round: everything else is divided by their median. */
const emptyStarts = 3;

/** Starts every function and every peer by turns, each in a process of its own, from its start to its first answer. */
export async function measureCold(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  rounds: number,
  going: Going,
): Promise<ColdResult> {
  const functions = await prepareFunctions(folder, bundles, surroundings);
  const peers = await preparePeers(folder, surroundings, Object.keys(coldPeers));
  const [empty] = await preparePeers(folder, surroundings, ['empty']);
  if (empty === undefined) throw new Error('there is nothing to compare with');
  const empties = Array.from({ length: emptyStarts }, () => ({ ...empty }));
  const subjects = spreadOut([...functions, ...peers], empties);

  const start = startStarter(going.signal);
  // The first start of each reads its files from the disk.
  const firsts = await byTurns('cold starts, to have read each file once', subjects, 1, going, async (each) => {
    await start(each);
    return surroundings.requests();
  });
  const starts = await byTurns('cold starts', subjects, rounds, going, start);
  const startsOf = (subject: Startable): readonly Start[] => starts.get(subject) ?? [];

  const emptyIn = (round: number, of: keyof Start) =>
    median(empties.flatMap((subject) => startsOf(subject)[round]?.[of] ?? []));
  const figuresOf = (subject: Startable): ColdFigures => {
    const ratio = (of: keyof Start) => spreadOf(startsOf(subject).map((one, round) => one[of] / emptyIn(round, of)));
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
}

/** Puts some between the others, as evenly as it goes. */
function spreadOut<T>(others: readonly T[], some: readonly T[]): T[] {
  const gap = Math.ceil(others.length / some.length);
  return some.flatMap((one, index) => [one, ...others.slice(index * gap, (index + 1) * gap)]);
}
