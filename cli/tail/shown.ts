import type { Tone } from '../paint.ts';
import { shorten, type Look } from '../table.ts';
import type { LogLine } from './line.ts';

/** A column and what it shows of a line. */
interface Column {
  title: string;
  width: number;
  right?: true;
  text(line: LogLine): string;
  tone?(line: LogLine): Tone | undefined;
}

const columns: readonly Column[] = [
  { title: 'TIME, UTC', width: 12, text: ({ time }) => time.slice(11, 23) },
  { title: 'PARTNER', width: 8, text: ({ partner = '-' }) => partner },
  { title: 'OPERATION', width: 24, text: ({ operation, job = '-' }) => operation ?? job },
  { title: 'KIND', width: 12, text: ({ kind, step = '-' }) => kind ?? step },
  { title: 'STATUS', width: 7, text: ({ status, outcome }) => String(status ?? outcome), tone },
  {
    title: 'GATEWAY',
    width: 8,
    right: true,
    text: ({ duration_ms, upstream_ms = 0 }) => ms(duration_ms - upstream_ms),
  },
  { title: 'UPSTREAM', width: 12, right: true, text: upstream },
];
const operationColumn = columns.findIndex(({ title }) => title === 'OPERATION');
const shortestOperation = 8;

/** A request id, which is never cut. */
const request = { title: 'REQUEST', width: 36 };
const gap = '  ';
const needed = columns.reduce((sum, { width }) => sum + width + gap.length, 0);

/** The titles above the lines. */
export function titles(look: Look): string {
  const texts = columns.map((column, at) => aligned(column, column.title, widthAt(at, look)));
  return look.paint('title', [...texts, ...(isNarrow(look) ? [] : [request.title])].join(gap).trimEnd());
}

/** A line for a person; in a narrow window the request id, and why a call did not go well, have a line of their own. */
export function shown(line: LogLine, look: Look): string {
  const { paint, width = Infinity } = look;
  const cells = columns.map((column, at) => {
    const text = aligned(column, column.text(line), widthAt(at, look));
    const toned = column.tone?.(line);
    return toned === undefined ? text : paint(toned, text);
  });
  const said = why(line);
  const first = cells.join(gap);
  const id = paint('faint', line.request_id);
  if (isNarrow(look))
    return `${first.trimEnd()}\n${gap}${id}${gap}${shorten(said, width - line.request_id.length - 4)}`.trimEnd();
  const rest = width - needed - line.request_id.length - gap.length;
  if (said.length <= rest) return [first, id, said].join(gap).trimEnd();
  return `${first}${gap}${id}\n${gap}${shorten(said, width - gap.length)}`;
}

function isNarrow({ width = Infinity }: Look): boolean {
  return width < needed + request.width;
}

function widthAt(at: number, { width = Infinity }: Look): number {
  const usual = columns[at]?.width ?? 0;
  const over = needed - gap.length - width;
  return at === operationColumn && over > 0 ? Math.max(shortestOperation, usual - over) : usual;
}

function aligned({ right }: Column, text: string, width: number): string {
  const fitting = shorten(text, width);
  return right ? fitting.padStart(width) : fitting.padEnd(width);
}

function tone({ outcome, status }: LogLine): Tone {
  if (outcome === 'success') return 'good';
  return status !== undefined && status < 500 ? 'doubtful' : 'bad';
}

/** With the number of attempts, when there was more than one. */
function upstream({ upstream_ms = 0, upstream_attempts = 0 }: LogLine): string {
  if (upstream_attempts === 0) return '-';
  return upstream_attempts === 1 ? ms(upstream_ms) : `${upstream_attempts} × ${ms(upstream_ms)}`;
}

function why({ code, detail, cause }: LogLine): string {
  const reason = [code, detail].filter((text) => text !== undefined).join(': ');
  return cause === undefined ? reason : `${reason} (${cause})`;
}

function ms(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`;
}
