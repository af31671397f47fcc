// The process that starts those that are measured. A process takes the longer to start the more memory its parent has, 5 ms for 100 MB, and the
// benchmark has a lot: this one is plain JavaScript that loads next to nothing. It is sent a command and answers with how long that took until
// it printed something, in milliseconds, and with all that it printed.

import { spawn } from 'node:child_process';

process.on('message', ({ command, args, cwd, env }) => {
  const startedAt = performance.now();
  // The log is for nobody.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let time = Number.NaN;
  let printed = '';
  child.stdout.once('data', () => (time = performance.now() - startedAt));
  child.stdout.setEncoding('utf8').on('data', (piece) => (printed += piece));
  child.once('error', ({ message }) => process.send({ error: message }));
  child.once('close', () => process.send({ time, printed }));
});
// The benchmark is over, or was ended.
process.on('disconnect', () => process.exit());
