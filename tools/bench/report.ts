import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Table } from './figures.ts';
import { goalTable, missedGoals } from './goals.ts';
import { partNames, parts, type Figures, type PartName } from './parts.ts';
import { roundTrips } from './parts/far.ts';
import { nginxVersion } from './parts/servers.ts';
import { peerVersions } from './peers.ts';

const page = join(import.meta.dirname, '../../docs/performance.md');
const figuresFile = join(import.meta.dirname, '../../docs/performance/figures.json');

/** The machine, the time and the versions of a run. */
export interface Heading {
  /** ISO 8601. */
  day: string;
  machine: string;
  cores: number;
  system: string;
  node: string;
  /** Whether the run was a quick one. */
  quick: boolean;
  /** The load average before the run. */
  load: number;
  peers: string[];
}

/** A run of the benchmark. */
export interface Run<Parts = Partial<Figures>> {
  heading: Heading;
  parts: Parts;
}

/** Describes this machine and the installed peers. */
export async function readHeading(quick: boolean): Promise<Heading> {
  const [cpu] = cpus();
  const cores = availableParallelism();
  return {
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpu?.model ?? 'unknown processor'}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    cores,
    system: `${process.platform} ${release()}`,
    node: process.version,
    quick,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    peers: [...(await peerVersions()), (await nginxVersion()) ?? 'no nginx'],
  };
}

/** The heading as one line; with a load average of a quarter of the cores, it warns. */
export function headingText({ day, machine, cores, system, node, quick, load, peers }: Heading): string {
  const kind = quick ? 'Quick run of' : 'Measured on';
  const warning =
    load > cores / 4 ? ` **The machine had other load (${load}):** only ratios of processor time are reliable.` : '';
  return `${kind} ${day}: ${machine}; ${system}; Node ${node}; ${peers.join(', ')}.${warning}`;
}

/** Whether every part was measured. */
export function isComplete(run: Run): run is Run<Figures> {
  return partNames.every((name) => run.parts[name] !== undefined);
}

/** Writes `docs/performance.md` and its figures. */
export async function writeReport(run: Run<Figures>): Promise<void> {
  await mkdir(dirname(figuresFile), { recursive: true });
  await writeFile(page, await renderPage(run));
  await writeFile(figuresFile, await formatted(figuresFile, JSON.stringify(run)));
}

/** Reads the figures of the last report. Rejects without one. */
export async function readFigures(): Promise<Run<Figures>> {
  const text = await readFile(figuresFile, 'utf8');
  // The function above writes the file; JSON has null for NaN.
  return JSON.parse(text, (_, value: unknown) => (value === null ? Number.NaN : value)) as Run<Figures>;
}

/** Renders the template with the figures of a run. Rejects when a placeholder is unknown. */
export async function renderPage({ heading, parts: figures }: Run<Figures>): Promise<string> {
  const [smallest] = figures.table;
  const missed = missedGoals(figures);
  const values: Readonly<Record<string, string>> = {
    ...Object.fromEntries(partNames.map((name) => [name, markdown(tableOf(name, figures))])),
    heading: headingText(heading),
    goals: markdown(goalTable(figures)),
    missed: missed.length === 0 ? 'Every goal is met.' : `Missed: ${missed.join('; ')}.`,
    nginx: figures.servers.nginx ? 'nginx shows the limit of the load generator.' : 'nginx was not installed.',
    secretReads: String(smallest?.secretReads),
    calls: String(smallest?.calls),
    upstreamRoundTrip: String(roundTrips.upstream),
    awsRoundTrip: String(roundTrips.aws),
  };
  const template = await readFile(join(import.meta.dirname, 'performance.md'), 'utf8');
  const text = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template has the unknown placeholder {{${name}}}`);
    return value;
  });
  return formatted(page, text);
}

function tableOf<Name extends PartName>(name: Name, figures: Pick<Figures, Name>): Table {
  return parts[name].table(figures[name]);
}

function markdown([titles, ...rows]: Table): string {
  const isNumeric = (column: number) => column > 0 && rows.every((row) => /^([≤≥] )?[\d–-]/.test(row[column] ?? ''));
  const rule = titles.map((_, column) => (isNumeric(column) ? '---:' : '---'));
  return [titles, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
