// Starts the measured processes. A process starts more slowly when its parent has more memory, 5 ms for 100 MB, so that this small process starts
// them. For each command, it sends the time until the first output, in milliseconds, and the output.

import { spawn } from 'node:child_process';

process.on('message', ({ command, args, cwd, env }) => {
  const startedAt = performance.now();
  // Without the log.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let time = Number.NaN;
  let printed = '';
  child.stdout.once('data', () => (time = performance.now() - startedAt));
  child.stdout.setEncoding('utf8').on('data', (piece) => (printed += piece));
  child.once('error', ({ message }) => process.send({ error: message }));
  child.once('close', () => process.send({ time, printed }));
});
// The benchmark has ended.
process.on('disconnect', () => process.exit());
