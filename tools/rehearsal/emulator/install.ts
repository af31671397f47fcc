import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');

/**
 * Puts the emulator into a Python environment of its own, unless what is there has these versions already; gives its folder. Throws Failed,
 * with what Python or pip says.
 */
export async function installEmulator(folder: string, signal: AbortSignal): Promise<string> {
  const environment = join(folder, 'python');
  const installed = join(environment, 'installed.txt');
  const wanted = await readFile(requirements, 'utf8');
  if ((await readFile(installed, 'utf8').catch(() => '')) === wanted) return environment;
  await rm(environment, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', environment], { signal });
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  await run(join(environment, 'bin', 'pip'), ['install', ...options, '--requirement', requirements], { signal });
  await writeFile(installed, wanted);
  return environment;
}
