import { readOptions } from './options.ts';
import { judge } from './promises.ts';
import { report, seconds } from './report.ts';
import { soak } from './soak.ts';

/** The soak ends by itself after this time, in milliseconds, whatever it has seen by then. */
const longest = 510_000;

const options = readOptions();
const tell = (progress: string): void => void process.stderr.write(`${progress}\n`);
const stopped = stopOnSignal();
const soaked = await soak(options, AbortSignal.any([stopped, AbortSignal.timeout(longest)]), tell);
const judged = judge(soaked, options);
const passed = judged.every(({ kept }) => kept);
const ending = stopped.aborted ? 'STOPPED before the end' : passed ? 'PASSED' : 'FAILED';
process.stdout.write(report(soaked, options, judged, `${ending}, after ${seconds(performance.now())}`));
process.exitCode = stopped.aborted ? 130 : passed ? 0 : 1;

/** The first signal lets running calls end, the second does not wait. Everything runs in this process, so that nothing outlives it. */
function stopOnSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(130);
    tell('Stopping; once more does not wait for running calls.');
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return stopping.signal;
}
