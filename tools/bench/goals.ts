import { median, number, spread, type Spread, type Table } from './figures.ts';
import type { Figures } from './parts.ts';
import type { ColdFigures } from './parts/cold.ts';
import { classes } from './parts/sizes.ts';

/** The figure for a goal. */
export interface Result {
  value: number;
  /** The quartiles over the rounds. */
  spread?: Spread;
  /** Related figures, such as the function's name and the median of all functions. */
  remark: string;
}

/** One line of the table of goals. */
export interface Goal {
  name: string;
  /** The unit, `× empty` for example. */
  unit: string;
  digits: number;
  goal: number;
  stretch: number;
  /** Whether higher values are better. */
  more?: true;
  /** Returns undefined when the part was not measured. */
  result: (figures: Partial<Figures>) => Result | undefined;
}

/** The goals for the gateway's cost, mostly relative to figures of the same run. */
export const goals: readonly Goal[] = [
  {
    name: 'cold, an operation that only forwards a token',
    unit: '× empty',
    digits: 2,
    goal: 1.6,
    stretch: 1.4,
    result: ({ cold }) => cold && highest(ofClass(cold.functions, 'forwarding'), 'time'),
  },
  {
    name: 'cold, signed, partner and ownership looked up',
    unit: '× empty',
    digits: 2,
    goal: 2.2,
    stretch: 1.8,
    result: ({ cold }) => cold && highest(ofClass(cold.functions, 'signing'), 'time'),
  },
  {
    name: 'cold, compared with bundled express + axios + SDK',
    unit: '×',
    digits: 2,
    goal: 0.35,
    stretch: 0.28,
    result: ({ cold }) => {
      const express = cold?.peers.find(({ name }) => name === 'express')?.time.median;
      if (cold === undefined || express === undefined) return undefined;
      const { value, spread: quartiles, remark } = highest(cold.functions, 'time');
      return {
        value: value / express,
        ...(quartiles && {
          spread: { median: value / express, low: quartiles.low / express, high: quartiles.high / express },
        }),
        remark: remark.split(';', 1).join(''),
      };
    },
  },
  {
    name: 'peak memory',
    unit: '× empty',
    digits: 2,
    goal: 1.4,
    stretch: 1.25,
    result: ({ cold }) => cold && highest(cold.functions, 'peak'),
  },
  warmGoal('forwarded', 'warm processor time over undici, a token forwarded'),
  warmGoal('signed', 'warm processor time over undici, key checked and signed'),
  warmGoal('looked up', 'warm processor time over undici, owner looked up too'),
  {
    name: 'rate as a server, compared with express + axios',
    unit: '×',
    digits: 2,
    goal: 3,
    stretch: 4,
    more: true,
    result: ({ servers }) => {
      const gateway = servers?.figures.find(({ name }) => name === 'gateway');
      const express = servers?.figures.find(({ name }) => name === 'express');
      if (gateway === undefined || express === undefined) return undefined;
      const byProcessor = express.processor.median / gateway.processor.median;
      return { ...resultOf(gateway.ratio), remark: `by processor time ${byProcessor.toFixed(2)}` };
    },
  },
  {
    name: 'seal and unseal of webauth state',
    unit: 'µs',
    digits: 0,
    goal: 50,
    stretch: 30,
    result: ({ seal }) => seal && { ...resultOf(seal.both), remark: 'both together' },
  },
  sizeGoal('signing', 'artefact, signed, minified', 200),
  sizeGoal('forwarding', 'artefact, forwarding, minified', 100),
];

/** The comparison of a result with its goal. */
export type Verdict = 'stretch met' | 'met' | 'MISSED';

/** Compares a result with its goal. */
export function verdictOf({ goal, stretch, more }: Goal, { value }: Result): Verdict {
  const meets = (limit: number) => (more ? value >= limit : value <= limit);
  if (meets(stretch)) return 'stretch met';
  return meets(goal) ? 'met' : 'MISSED';
}

/** The table of the goals whose parts were measured. */
export function goalTable(figures: Partial<Figures>): Table {
  const rows = goals.flatMap((goal) => {
    const result = goal.result(figures);
    if (result === undefined) return [];
    const { name, unit, digits, more } = goal;
    const value = result.spread === undefined ? number(result.value, digits) : spread(result.spread, digits);
    const limits = [goal.goal, goal.stretch].map((limit) => `${more ? '≥' : '≤'} ${number(limit, digits)}`);
    return [[name, `${value} ${unit}`, ...limits, verdictOf(goal, result), result.remark]];
  });
  return [['', 'measured', 'goal', 'stretch', '', 'highest function, or comparison'], ...rows];
}

/** The goals that are missed. */
export function missedGoals(figures: Figures): string[] {
  const missed = goals.filter((goal) => {
    const result = goal.result(figures);
    return result !== undefined && verdictOf(goal, result) === 'MISSED';
  });
  return missed.map(({ name }) => name);
}

const resultOf = (quartiles: Spread) => ({ value: quartiles.median, spread: quartiles });

function ofClass<Named extends { name: string }>(functions: readonly Named[], name: keyof typeof classes): Named[] {
  return functions.filter((each) => classes[name].has(each.name));
}

/** The function with the highest figure. */
function highest(functions: readonly ColdFigures[], figure: 'time' | 'peak'): Result {
  const [first] = functions.toSorted((one, other) => other[figure].median - one[figure].median);
  if (first === undefined) return { value: Number.NaN, remark: '' };
  const processor = figure === 'time' ? `; processor time ${first.work.median.toFixed(2)}` : '';
  const middle = median(functions.map((each) => each[figure].median)).toFixed(2);
  return { ...resultOf(first[figure]), remark: `${first.name}${processor}; median of all ${middle}` };
}

function warmGoal(subject: 'forwarded' | 'signed' | 'looked up', name: string): Goal {
  return {
    name,
    unit: 'µs more',
    digits: 0,
    goal: 60,
    stretch: 35,
    result: ({ warm }) => {
      const figures = warm?.figures.find((each) => each.name === subject);
      if (figures === undefined) return undefined;
      const { added, handler, direct } = figures;
      return { ...resultOf(added), remark: `${handler.median.toFixed(0)} compared with ${direct.median.toFixed(0)}` };
    },
  };
}

function sizeGoal(of: keyof typeof classes, name: string, goal: number): Goal {
  return {
    name,
    unit: 'kB',
    digits: 0,
    goal,
    stretch: 64,
    result: ({ sizes }) => {
      const [largest] = ofClass(sizes ?? [], of).toSorted((one, other) => other.bytes - one.bytes);
      return largest && { value: largest.bytes / 1000, remark: largest.name };
    },
  };
}
