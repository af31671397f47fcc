import { classes } from './classes.ts';
import type { ColdFigures } from './cold/cold.ts';
import type { Parts } from './measured.ts';
import type { ServerName } from './names.ts';
import { median, type Spread } from './spread.ts';

/** What was measured for a goal. */
export interface Reached {
  value: number;
  /** Where the middle half of the rounds lies, where there are rounds. */
  spread?: Spread | undefined;
  /** What else belongs to it: the worst one's name, the others' median. */
  remark: string;
}

/** One line of the table of goals. */
export interface Goal {
  what: string;
  /** How values read, `× empty` for example. */
  unit: string;
  /** Digits behind the point. */
  digits: number;
  goal: number;
  /** Where it is heading. */
  stretch: number;
  /** Whether more is better. */
  more?: true;
  /** Undefined when the part that measures it was left out. */
  reached: (parts: Partial<Parts>) => Reached | undefined;
}

/** At most so many times an empty function's start. */
export const coldGoals = { forwarding: 1.6, signing: 2.2 } as const;

/** What the gateway's cost should be, as ratios of what is measured beside it in the same run. */
export const goals: readonly Goal[] = [
  {
    what: 'cold, an operation that only forwards a token',
    unit: '× empty',
    digits: 2,
    goal: coldGoals.forwarding,
    stretch: 1.4,
    reached: ({ cold }) =>
      cold &&
      worst(
        cold.functions.filter(({ name }) => classes.forwarding.has(name)),
        'time',
      ),
  },
  {
    what: 'cold, signed, partner and ownership looked up',
    unit: '× empty',
    digits: 2,
    goal: coldGoals.signing,
    stretch: 1.8,
    reached: ({ cold }) =>
      cold &&
      worst(
        cold.functions.filter(({ name }) => classes.signing.has(name)),
        'time',
      ),
  },
  {
    what: 'cold against bundled express + axios + SDK',
    unit: '×',
    digits: 2,
    goal: 0.35,
    stretch: 0.28,
    reached: ({ cold }) => {
      const express = cold?.peers.find(({ name }) => name === 'express')?.time.median;
      if (cold === undefined || express === undefined) return undefined;
      const { value, spread, remark } = worst(cold.functions, 'time');
      return {
        value: value / express,
        spread: spread && { median: value / express, low: spread.low / express, high: spread.high / express },
        remark: remark.split(';', 1).join(''),
      };
    },
  },
  {
    what: 'peak memory',
    unit: '× empty',
    digits: 2,
    goal: 1.4,
    stretch: 1.25,
    reached: ({ cold }) => cold && worst(cold.functions, 'peak'),
  },
  warm('forwarded', 'warm CPU over undici, a token forwarded'),
  warm('signed', 'warm CPU over undici, key checked and signed'),
  warm('looked up', 'warm CPU over undici, owner looked up too'),
  {
    what: 'warm rate as a server, of express + axios',
    unit: '×',
    digits: 2,
    goal: 3,
    stretch: 4,
    more: true,
    reached: ({ servers }) => {
      const figuresOf = (wanted: ServerName) => servers?.figures.find(({ name }) => name === wanted);
      const [own, express] = [figuresOf('gateway'), figuresOf('express')];
      if (own === undefined || express === undefined) return undefined;
      const byProcessor = express.processor.median / own.processor.median;
      return { value: own.ratio.median, spread: own.ratio, remark: `by processor time ${byProcessor.toFixed(2)}` };
    },
  },
  {
    what: 'seal and unseal of webauth state',
    unit: 'µs',
    digits: 0,
    goal: 50,
    stretch: 30,
    reached: ({ seal }) => seal && { value: seal.both.median, spread: seal.both, remark: 'both together' },
  },
  size('signing', 'artefact, signed, minified', 200),
  size('forwarding', 'artefact, forwarding, minified', 100),
];

/** How a goal and what was reached compare. */
export type Verdict = 'stretch met' | 'met' | 'MISSED';

/** Compares what was reached with the goal. */
export function verdictOf({ goal, stretch, more }: Goal, { value }: Reached): Verdict {
  const meets = (limit: number) => (more ? value >= limit : value <= limit);
  if (meets(stretch)) return 'stretch met';
  return meets(goal) ? 'met' : 'MISSED';
}

/** The one that takes most, and how the others are. */
function worst(functions: readonly ColdFigures[], figure: 'time' | 'peak'): Reached {
  const [most] = functions.toSorted((one, other) => other[figure].median - one[figure].median);
  if (most === undefined) return { value: Number.NaN, remark: '' };
  const { name, work, [figure]: spread } = most;
  const middle = median(functions.map((one) => one[figure].median)).toFixed(2);
  const processor = figure === 'time' ? `; of the processor ${work.median.toFixed(2)}` : '';
  return { value: spread.median, spread, remark: `${name}${processor}; median of all ${middle}` };
}

function warm(name: 'forwarded' | 'signed' | 'looked up', what: string): Goal {
  return {
    what,
    unit: 'µs more',
    digits: 0,
    goal: 60,
    stretch: 35,
    reached: ({ warm: measured }) => {
      const figures = measured?.figures.find((each) => each.name === name);
      return (
        figures && {
          value: figures.added.median,
          spread: figures.added,
          remark: `${figures.handler.median.toFixed(0)} against ${figures.direct.median.toFixed(0)}`,
        }
      );
    },
  };
}

function size(of: keyof typeof classes, what: string, goal: number): Goal {
  return {
    what,
    unit: 'kB',
    digits: 0,
    goal,
    stretch: 64,
    reached: ({ sizes }) => {
      const ofClass = sizes?.filter(({ name }) => classes[of].has(name)) ?? [];
      const [largest] = ofClass.toSorted((one, other) => other.bytes - one.bytes);
      return largest && { value: largest.bytes / 1000, remark: largest.name };
    },
  };
}
