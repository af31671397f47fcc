import widthOf from 'fast-string-truncated-width';
import type { Paint, Tone } from './terminal.ts';

/** A cell of a table: a text, or a coloured text. */
export type Cell = string | { tone: Tone; text: string };

/** How texts are shown on an output. */
export interface Look {
  paint: Paint;
  /** Characters per line of the window; undefined without a window: nothing is cut. */
  width: number | undefined;
}

interface Layout extends Partial<Look> {
  /** Indexes of the columns that may be cut if the window is too narrow, the widest first; values to copy must not be cut. */
  cut?: readonly number[];
  /** Indexes of the columns that are aligned right. */
  right?: readonly number[];
}

/** A column of a table. */
export interface Column {
  width: number;
  right?: boolean;
}

/** A column is not cut below this width. */
const minimumWidth = 8;
const gap = '  ';

/** Returns a row of column titles. */
export const titles = (...texts: readonly string[]): Cell[] => texts.map((text) => ({ tone: 'title', text }));

/** Lays out rows in columns, aligned left by default. */
export function table(
  rows: readonly (readonly Cell[])[],
  { paint = (_tone, text) => text, width, cut = [], right = [] }: Layout = {},
): string {
  const columns = (rows[0] ?? []).map((_, at) => ({
    width: Math.max(...rows.map((row) => widthOf(textOf(row[at])).width)),
    right: right.includes(at),
  }));
  const cuttable = columns.filter((_, at) => cut.includes(at));
  shrink(columns, cuttable, width);
  return rows.map((row) => line(row, columns, paint)).join('\n');
}

/** Lays out one row; cells wider than their column are cut. */
export function line(row: readonly Cell[], columns: readonly Column[], paint: Paint): string {
  const cells = row.map((cell, at) => {
    const { width = 0, right } = columns[at] ?? {};
    const text = shorten(textOf(cell), width);
    const padding = ' '.repeat(width - widthOf(text).width);
    const content = typeof cell === 'string' ? text : paint(cell.tone, text);
    return right ? padding + content : content + padding;
  });
  return cells.join(gap).trimEnd();
}

/** Cuts a text to a width in characters and ends it with an ellipsis. */
export function shorten(text: string, limit: number): string {
  const { index, ellipsed } = widthOf(text, { limit, ellipsis: '…', ellipsisWidth: 1 });
  return ellipsed ? `${text.slice(0, index)}…` : text;
}

function shrink(columns: readonly Column[], cuttable: readonly Column[], window = Infinity): void {
  const total = columns.reduce((sum, { width }) => sum + width + gap.length, -gap.length);
  for (let excess = total - window; excess > 0; excess--) {
    const [widest] = cuttable.toSorted((one, other) => other.width - one.width);
    if (widest === undefined || widest.width <= minimumWidth) return;
    widest.width -= 1;
  }
}

function textOf(cell: Cell = ''): string {
  return typeof cell === 'string' ? cell : cell.text;
}
