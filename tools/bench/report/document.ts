import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { roundTrips } from '../far/far.ts';
import { goals, verdictOf } from '../goals.ts';
import type { TableFigures } from '../growth/table.ts';
import { isBusy, type Heading } from '../heading.ts';
import type { Measured, Parts } from '../measured.ts';
import { plotsOf } from './plots.ts';
import { goalTable, partTables, type Table } from './tables.ts';

const docs = join(import.meta.dirname, '../../../docs');
const page = join(docs, 'performance.md');
const beside = join(docs, 'performance');
const figures = join(beside, 'figures.json');

/** What a report is made of: every part. */
export interface Reported extends Measured {
  parts: Parts;
}

/** Whether every part was measured. */
export function isWhole(measured: Measured): measured is Reported {
  return Object.values(measured.parts).length === Object.keys(partTables).length;
}

/** Writes `docs/performance.md`, its plots and the figures that both are made of. */
export async function writeReport(reported: Reported): Promise<void> {
  await mkdir(beside, { recursive: true });
  await writeFile(page, await pageOf(reported));
  await writeFile(figures, await tidy(figures, JSON.stringify(reported)));
  for (const [file, plot] of Object.entries(plotsOf(reported.parts))) await writeFile(join(beside, file), plot);
}

/** The figures of the last report. Rejects when there are none. */
export async function readFigures(): Promise<Reported> {
  const text = await readFile(figures, 'utf8');
  // Only the function above writes it; JSON has no NaN.
  return JSON.parse(text, (_, value: unknown) => (value === null ? Number.NaN : value)) as Reported;
}

/** The page: the template with every `{{figure}}` in its place. Rejects when the template names one that there is not. */
export async function pageOf(reported: Reported): Promise<string> {
  const template = await readFile(join(import.meta.dirname, 'performance.md'), 'utf8');
  return tidy(page, filledIn(template, reported));
}

function filledIn(template: string, { heading, parts }: Reported): string {
  const pieces: Readonly<Record<string, string>> = {
    heading: headingLine(heading),
    goals: markdown(goalTable(parts)),
    missed: missedLine(parts),
    nginx: parts.servers.nginx ? 'nginx shows what the load itself allows.' : 'nginx was not installed.',
    secrets: `Each process read a secret ${times(parts.table[0])} calls.`,
    sizes: markdown(partTables.sizes(parts.sizes)),
    cold: markdown(partTables.cold(parts.cold)),
    far: markdown(partTables.far(parts.far)),
    upstreamAway: String(roundTrips.upstream),
    awsAway: String(roundTrips.aws),
    warm: markdown(partTables.warm(parts.warm)),
    seal: markdown(partTables.seal(parts.seal)),
    servers: markdown(partTables.servers(parts.servers)),
    concurrency: markdown(partTables.concurrency(parts.concurrency)),
    table: markdown(partTables.table(parts.table)),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const piece = pieces[name];
    if (piece === undefined) throw new Error(`the template asks for {{${name}}}, which is not measured`);
    return piece;
  });
}

function times(
  { secretReads, calls }: Pick<TableFigures, 'secretReads' | 'calls'> = { secretReads: NaN, calls: NaN },
): string {
  return `${secretReads === 1 ? 'once' : `${secretReads} times`} for all its ${calls}`;
}

function headingLine(heading: Heading): string {
  const { day, machine, system, node, quick, peers } = heading;
  const kind = quick ? 'A quick run' : 'Measured';
  const busy = isBusy(heading)
    ? ' **The machine was busy with other work:** trust ratios of processor time alone.'
    : '';
  return `${kind} on ${day}: ${machine}; ${system}; Node ${node}; ${peers.join(', ')}.${busy}`;
}

function missedLine(parts: Parts): string {
  const missed = goals.filter((goal) => {
    const reached = goal.reached(parts);
    return reached !== undefined && verdictOf(goal, reached) === 'MISSED';
  });
  if (missed.length === 0) return 'Every goal is met.';
  return `Missed: ${missed.map(({ what }) => what).join('; ')}.`;
}

function markdown([head = [], ...rows]: Table): string {
  const isNumeric = (column: number) => column > 0 && rows.every((row) => /^([≤≥] )?[\d–-]/.test(row[column] ?? ''));
  const rule = head.map((_, column) => (isNumeric(column) ? '---:' : '---'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** As `npm run check` wants it. */
async function tidy(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
