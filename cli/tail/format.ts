import { line, shorten, titles, type Cell, type Column, type Look } from '../table.ts';
import type { Tone } from '../terminal.ts';
import type { LogLine } from './log-line.ts';

interface LogColumn extends Column {
  title: string;
  cell: (call: LogLine) => Cell;
}

const columns: readonly LogColumn[] = [
  { title: 'TIME, UTC', width: 12, cell: ({ time }) => time.slice(11, 23) },
  { title: 'PARTNER', width: 8, cell: ({ partner = '-' }) => partner },
  { title: 'OPERATION', width: 24, cell: ({ operation, job = '-' }) => operation ?? job },
  { title: 'KIND', width: 12, cell: ({ kind, step = '-' }) => kind ?? step },
  { title: 'STATUS', width: 7, cell: (call) => ({ tone: toneOf(call), text: String(call.status ?? call.outcome) }) },
  {
    title: 'GATEWAY',
    width: 8,
    right: true,
    cell: ({ duration_ms, upstream_ms = 0 }) => ms(duration_ms - upstream_ms),
  },
  { title: 'UPSTREAM', width: 12, right: true, cell: upstream },
];
const minimumOperationWidth = 8;

/** Request ids are never cut. */
const request = { title: 'REQUEST', width: 36 };
const gap = '  ';
/** The width of all columns but the request id, each with its gap. */
const usualWidth = columns.reduce((sum, { width }) => sum + width + gap.length, 0);

/** Returns the column titles. */
export function header(look: Look): string {
  const all = isNarrow(look) ? columns : [...columns, request];
  return line(titles(...all.map(({ title }) => title)), [...fit(look), request], look.paint);
}

/** Formats a log line for a person; in a narrow window, the request id and the reason of a failure are on a second line. */
export function formatLine(call: LogLine, look: Look): string {
  const { paint, width = Infinity } = look;
  const reason = reasonOf(call);
  const id: Cell = { tone: 'dim', text: call.request_id };
  const cells = columns.map(({ cell }) => cell(call));
  if (isNarrow(look)) {
    const second = `${paint('dim', id.text)}${gap}${shorten(reason, width - id.text.length - 2 * gap.length)}`;
    return `${line(cells, fit(look), paint)}\n${gap}${second}`.trimEnd();
  }
  const first = line([...cells, id], [...columns, { width: id.text.length }], paint);
  if (usualWidth + id.text.length + gap.length + reason.length <= width) return `${first}${gap}${reason}`.trimEnd();
  return `${first}\n${gap}${shorten(reason, width - gap.length)}`;
}

function isNarrow({ width = Infinity }: Look): boolean {
  return width < usualWidth + request.width;
}

/** Shrinks the operation column to the window. */
function fit({ width = Infinity }: Look): Column[] {
  const excess = Math.max(0, usualWidth - gap.length - width);
  return columns.map((column) =>
    column.title === 'OPERATION' ? { width: Math.max(minimumOperationWidth, column.width - excess) } : column,
  );
}

function toneOf({ outcome, status }: LogLine): Tone {
  if (outcome === 'success') return 'success';
  return status !== undefined && status < 500 ? 'warning' : 'error';
}

/** Formats the time in upstream calls, with the number of attempts if there were several. */
function upstream({ upstream_ms = 0, upstream_attempts = 0 }: LogLine): string {
  if (upstream_attempts === 0) return '-';
  return upstream_attempts === 1 ? ms(upstream_ms) : `${upstream_attempts} × ${ms(upstream_ms)}`;
}

function reasonOf({ code, detail, cause }: LogLine): string {
  const reason = [code, detail].filter((text) => text !== undefined).join(': ');
  return cause === undefined ? reason : `${reason} (${cause})`;
}

function ms(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`;
}
