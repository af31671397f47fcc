import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

// Runs the scripts `check:*` of package.json, as many at once as there are cores. Prints a line for each, and the output of those that fail.

const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));
const width = Math.max(...checks.map((name) => name.length));
const waiting = checks.values();
await Promise.all(Array.from({ length: availableParallelism() }, runWaiting));

async function runWaiting(): Promise<void> {
  for (const check of waiting) await run(check);
}

async function run(check: string): Promise<void> {
  const startedAt = performance.now();
  const failure = await promisify(execFile)('npm', ['run', '--silent', check], { maxBuffer: Infinity }).then(
    () => undefined,
    ({ message, stdout = '', stderr = message }: Error & { stdout?: string; stderr?: string }) => stdout + stderr,
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const result = failure === undefined ? 'passed' : 'failed';
  process.stdout.write(`${check.padEnd(width)}  ${result}  ${seconds.padStart(5)} s\n${failure ?? ''}`);
  if (failure !== undefined) process.exitCode = 1;
}
