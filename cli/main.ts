import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Types are stripped and code compiled once, not for every command; beside the packages, where nobody else writes.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/gateway', import.meta.url)));
const { run } = await import('./run.ts');

// Whoever reads the output may stop early (`| head`): the command still does what it was asked for.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process);
