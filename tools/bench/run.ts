import { mkdtemp, rm } from 'node:fs/promises';
import { table } from '#cli/table.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { createContext, type BenchContext } from './context.ts';
import type { Progress, Table } from './figures.ts';
import { goalTable } from './goals.ts';
import { partNames, parts, type Figures, type PartName } from './parts.ts';
import { installPeers } from './peers.ts';
import { headingText, isComplete, readFigures, readHeading, writeReport, type Run } from './report.ts';

interface Options {
  quick: boolean;
  only: readonly PartName[];
  report?: true;
  render?: true;
}

const options = new Command('npm run bench --')
  .description(
    'Measures the deployed functions and compares them with an empty function, undici, hono, fastify + http-proxy, express + axios and, where it ' +
      'is installed, nginx: cold starts locally and over a network, warm calls, HTTP servers, concurrent calls and table sizes. Everything runs on ' +
      'loopback, in turns, so that ratios are reliable on a busy machine too. A missed goal is no failure. Takes less than ten minutes.',
  )
  .option('--quick', 'fewer rounds and a smaller table: less than two minutes', false)
  .addOption(new Option('--only <parts...>', 'only these parts').choices(partNames).default(partNames, 'all'))
  .addOption(new Option('--report', 'write docs/performance.md').conflicts('only'))
  .addOption(
    new Option('--render', 'write it from the figures of the last report').conflicts(['quick', 'only', 'report']),
  )
  .addHelpText(
    'after',
    '\nThe first run installs the peers into tools/bench/peers. Examples:\n' +
      '  npm run bench -- --quick\n  npm run bench -- --only cold sizes\n  npm run bench -- --report\n',
  )
  .parse()
  .opts<Options>();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stopping.abort());
}
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  const run = options.render ? await readFigures() : await measure({ report, signal: stopping.signal });
  if ((options.render || options.report) && isComplete(run)) {
    await writeReport(run);
    process.stdout.write('\ndocs/performance.md is written.\n');
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  process.stderr.write('Stopped.\n');
  process.exitCode = 130;
} finally {
  // Ends all processes.
  stopping.abort();
  await rm(folder, { recursive: true, maxRetries: 5 });
}

/** Measures the parts, and prints the figures of each. */
async function measure(progress: Progress): Promise<Run> {
  await installPeers(progress);
  const heading = await readHeading(options.quick);
  process.stdout.write(`${headingText(heading)}\nEach figure is a median, with the quartiles in parentheses.\n`);
  const context = await createContext(folder, options.quick, progress);
  const figures: Partial<Figures> = {};
  for (const name of options.only) Object.assign(figures, { [name]: await measurePart(name, context) });
  const goals = goalTable(figures);
  if (goals.length > 1) print('Goals', goals);
  return { heading, parts: figures };
}

async function measurePart<Name extends PartName>(name: Name, context: BenchContext): Promise<Figures[Name]> {
  const figures = await parts[name].measure(context);
  print(parts[name].title, parts[name].table(figures));
  return figures;
}

function print(title: string, rows: Table): void {
  process.stdout.write(`\n${title}\n\n${table(rows)}\n`);
}

/** Prints progress with the minutes and seconds since the start. */
function report(progress: string): void {
  const seconds = Math.floor(performance.now() / 1000);
  process.stderr.write(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} ${progress}\n`);
}
