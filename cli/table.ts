import widthOf from 'fast-string-truncated-width';
import type { Paint, Tone } from './paint.ts';

/** A cell of a table: a text, or one with a colour. */
export type Cell = string | { tone: Tone; text: string };

/** How a table is shown. */
export interface Look {
  paint: Paint;
  /** How many characters a line of the window holds; undefined where there is no window, and nothing is cut. */
  width: number | undefined;
}

/** A column is cut no shorter. */
const shortest = 8;
const gap = '  ';

/**
 * Rows as left-aligned columns, the first of them titles. In a window that is too narrow, the columns with these titles are cut, the widest
 * first; what has to be copied is never among them, and its line breaks where the window ends.
 */
export function table(
  [titles, ...rows]: readonly [readonly string[], ...(readonly Cell[])[]],
  look: Look,
  cut: readonly string[] = [],
): string {
  const all: readonly (readonly Cell[])[] = [titles.map((text) => ({ tone: 'title' as const, text })), ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => widthOf(textOf(row[column])).width)));
  narrow(
    widths,
    titles.flatMap((title, column) => (cut.includes(title) ? [column] : [])),
    look.width,
  );
  return all.map((row) => line(row, widths, look.paint)).join('\n');
}

/** Names and what they stand for, one below the other; nothing is cut. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}${gap}${value}`.trimEnd()).join('\n');
}

/** Shortens a text to so many characters of a window, with an ellipsis at its end. */
export function shorten(text: string, limit: number): string {
  const { index, ellipsed } = widthOf(text, { limit, ellipsis: '…', ellipsisWidth: 1 });
  return ellipsed ? `${text.slice(0, index)}…` : text;
}

function narrow(widths: number[], columns: readonly number[], window = Infinity): void {
  const total = () => widths.reduce((sum, width) => sum + width + gap.length, -gap.length);
  for (let over = total() - window; over > 0; over = total() - window) {
    const [widest] = columns.toSorted((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
    if (widest === undefined || (widths[widest] ?? 0) <= shortest) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function line(row: readonly Cell[], widths: readonly number[], paint: Paint): string {
  const cells = row.map((cell, column) => {
    const width = widths[column] ?? 0;
    const text = shorten(textOf(cell), width);
    // Spaces at the end of a line are nobody's.
    const padding = column === row.length - 1 ? '' : ' '.repeat(width - widthOf(text).width);
    return (typeof cell === 'string' ? text : paint(cell.tone, text)) + padding;
  });
  return cells.join(gap).trimEnd();
}

function textOf(cell: Cell = ''): string {
  return typeof cell === 'string' ? cell : cell.text;
}
