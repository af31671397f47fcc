import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './bench.ts';
import { readOptions } from './options.ts';
import { isWhole, readFigures, writeReport } from './report/document.ts';

const options = readOptions();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stopping.abort());
}
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  const measured = options.render ? await readFigures() : await measure(folder, options, stopping.signal);
  if ((options.render || options.report) && isWhole(measured)) {
    await writeReport(measured);
    process.stdout.write('\nWritten: docs/performance.md\n');
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  process.stderr.write('Stopped.\n');
  process.exitCode = 130;
} finally {
  // Ends what still runs.
  stopping.abort();
  await rm(folder, { recursive: true, maxRetries: 5 });
}
