import type { Spread } from '../spread.ts';
import { number } from './cells.ts';
import { line, picture, rectangle, text, ticks } from './svg.ts';

/** One bar; with a `base`, what comes before the bar itself is drawn in another colour. */
export interface Bar {
  name: string;
  spread: Spread;
  kind: 'own' | 'peer';
  base?: number;
}

/** What the bars are about. */
export interface BarPlot {
  title: string;
  bars: readonly Bar[];
  /** Digits of the numbers beside the bars. */
  digits: number;
  /** Values that a line is drawn at. */
  marks?: readonly { value: number; name: string }[];
}

const names = 330;
const width = 860;
const plotWidth = 430;
const barHeight = 14;
const rowHeight = 23;
const top = 62;

/** Horizontal bars from nothing, each with its median in numbers and a line over the middle half of the rounds. */
export function barPlot({ title, bars, digits, marks = [] }: BarPlot): string {
  const all = [
    ...bars.map(({ spread, base = 0 }) => base + Math.max(spread.median, spread.high)),
    ...marks.map(({ value }) => value),
  ];
  const steps = ticks(Math.max(...all));
  const most = steps.at(-1) ?? 1;
  const at = (value: number): number => names + (value / most) * plotWidth;
  const bottom = top + bars.length * rowHeight;
  const grid = steps.flatMap((step) => [
    line(at(step), top - 4, at(step), bottom, 'grid'),
    text(at(step), bottom + 16, number(step, step % 1 === 0 ? 0 : 1), 'small', 'middle'),
  ]);
  const rows = bars.flatMap(({ name, spread: { median, low, high }, kind, base = 0 }, index) => {
    const y = top + index * rowHeight + (rowHeight - barHeight) / 2;
    const middle = y + barHeight / 2;
    const end = at(base + Math.max(median, high)) + 8;
    return [
      text(names - 10, middle + 4, name, '', 'end'),
      ...(base > 0 ? [rectangle(at(0), y, at(base) - at(0), barHeight, 'base')] : []),
      rectangle(at(base), y, Math.max(0, at(base + median) - at(base)), barHeight, kind),
      line(at(base + low), middle, at(base + high), middle, 'spread'),
      text(end, middle + 4, number(median, digits), 'small'),
    ];
  });
  const lines = marks.flatMap(({ value, name }, index) => [
    line(at(value), top - 6, at(value), bottom, 'mark'),
    text(at(value) + (index % 2 === 0 ? -4 : 4), top - 10, name, 'small', index % 2 === 0 ? 'end' : 'start'),
  ]);
  return picture(width, bottom + 28, title, [text(10, 22, title, 'title'), ...grid, ...rows, ...lines]);
}
