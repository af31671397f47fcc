import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Caches stripped and compiled code beside the packages, where only the project's owner writes.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/gateway', import.meta.url)));
const { run } = await import('./program.ts');

// The reader of the output may stop early (`| head`); the command still completes its work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process);
