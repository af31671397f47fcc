import { main } from './main.ts';

// `npm run contract`: compares a real Budgea domain with what this project assumes about it. The first Ctrl-C ends it after its users are
// deleted, the second at once.

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    process.stderr.write('\nInterrupted. Users that were created are deleted first.\n');
    interruption.abort();
  });
}

const { stdin, stdout, stderr } = process;
process.exitCode = await main(process.argv.slice(2), { stdin, stdout, stderr, signal: interruption.signal });
