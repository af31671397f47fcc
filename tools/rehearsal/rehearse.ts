import { logFile } from './place.ts';
import { rehearse } from './rehearsal.ts';
import { beginTranscript } from './transcript.ts';

// `npm run rehearse -- dev`: deploys an environment to an emulator on this machine, uses it and takes it down.

/** Longer than it ever takes, in milliseconds. */
const longest = 10 * 60_000;

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    process.stdout.write('\nStopping what runs.\n');
    interruption.abort();
  });
}

const transcript = beginTranscript(process.stdout);
try {
  const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(longest)]);
  await rehearse(process.argv[2] ?? 'dev', transcript, signal);
  process.stdout.write(`\n${transcript.summary()}\n`);
} catch (error) {
  process.stdout.write(`\n${transcript.summary()}\n`);
  if (interruption.signal.aborted) process.exitCode = 130;
  else {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\nThe log: ${logFile}\n`);
    process.exitCode = 1;
  }
}
