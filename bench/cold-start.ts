import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { bundle, bundleFunctions } from '../infra/bundle.ts';
import { loadsAwsInVain } from './start/expected.ts';
import { parts } from './start/parts.ts';
import { startReport } from './start/report.ts';
import { measureStarts } from './start/starts.ts';
import { measureOverhead } from './warm/overhead.ts';
import { overheadReport } from './warm/report.ts';

const { runs } = new Command('npm run bench --')
  .description(
    'Bundles every function as it is deployed and measures what a cold start and a warm request cost, as multiples of an empty start and ' +
      'of a direct call. Fails when a function that needs nothing of AWS loads a client of it; times are goals, as machines differ.',
  )
  .option('--runs <n>', 'starts of each function', wholeNumber, 15)
  .parse()
  .opts<{ runs: number }>();

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  await bench(stopping.signal);
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await rm(folder, { recursive: true });
}

async function bench(signal: AbortSignal): Promise<void> {
  const functions = await bundleFunctions(join(folder, 'functions'));
  const pieces = await bundle(join(folder, 'parts'), parts);
  process.stderr.write(`Starting ${functions.length + pieces.length} modules ${runs} times each …\n`);
  const started = await measureStarts(folder, [...functions, ...pieces], { runs, signal });
  const [startedFunctions, startedParts] = [started.slice(0, functions.length), started.slice(functions.length)];
  process.stdout.write(`${startReport(startedFunctions, startedParts, runs)}\n`);
  if (functions.some(loadsAwsInVain)) process.exitCode = 1;
  process.stderr.write('Calling a warm function …\n');
  const forwarding = functions.find(({ name }) => name === 'auth-token-code-get');
  process.stdout.write(overheadReport(await measureOverhead(forwarding?.file ?? '', signal)));
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1000) return number;
  throw new InvalidArgumentError('It takes a whole number from 1 to 1000.');
}
