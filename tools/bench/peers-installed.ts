import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const folder = join(import.meta.dirname, 'peers');

/** Installs the peers unless they are there in the locked versions. Rejects when npm cannot. */
export async function installPeers(tell: (progress: string) => void, signal: AbortSignal): Promise<void> {
  const [wanted, installed] = await Promise.all([
    packagesIn('package-lock.json'),
    packagesIn('node_modules/.package-lock.json'),
  ]);
  if (isDeepStrictEqual(wanted, installed)) return;
  tell('Installing the peers into tools/bench/peers …');
  const child = spawn('npm', ['ci', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
  });
  const [code] = (await once(child, 'close', { signal })) as [number | null];
  if (code !== 0) throw new Error('npm could not install the peers into tools/bench/peers');
}

/** The version of each package in a lock file. */
async function packagesIn(file: string): Promise<Record<string, string>> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '{}');
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, { version?: string; optional?: boolean }> }; // npm's own.
  // The project itself stands under an empty path; what is for other platforms is not installed.
  const own = Object.entries(packages).filter(([path, { optional }]) => path !== '' && !optional);
  return Object.fromEntries(own.map(([path, { version = '' }]) => [path, version]));
}
