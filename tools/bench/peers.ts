import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { build } from 'esbuild';
import type { Progress } from './figures.ts';

const folder = join(import.meta.dirname, 'peers');

/** Peers that are started as functions, by folder. */
export const coldPeers: Readonly<Record<string, string>> = {
  floor: 'one secret, one call, bare node:http',
  undici: 'undici, one call',
  hono: 'hono, one call by fetch',
  fastify: 'fastify + http-proxy, one call',
  express: 'express + axios + SDK, one secret, one call',
};

/** The versions of the peers, as their manifest names them. */
export async function peerVersions(): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> }; // A manifest of this repository.
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
}

/** Installs the peers in their locked versions. Rejects when npm fails. */
export async function installPeers({ report, signal }: Progress): Promise<void> {
  const [locked, installed] = await Promise.all([
    versionsIn('package-lock.json'),
    versionsIn('node_modules/.package-lock.json'),
  ]);
  if (isDeepStrictEqual(locked, installed)) return;
  report('installing the peers into tools/bench/peers');
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  const child = spawn('npm', ['ci', '--loglevel=error'], { cwd: folder, stdio: [...stdio], signal });
  const [code] = (await once(child, 'close', { signal })) as [number | null];
  if (code !== 0) throw new Error('npm could not install the peers into tools/bench/peers');
}

/** The versions in a lock file. */
async function versionsIn(file: string): Promise<Record<string, string>> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '{}');
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, { version?: string; optional?: boolean }> }; // npm's format.
  // The empty path is the project itself; optional packages are for other platforms.
  const relevant = Object.entries(packages).filter(([path, { optional }]) => path !== '' && !optional);
  return Object.fromEntries(relevant.map(([path, { version = '' }]) => [path, version]));
}

/**
 * Bundles peers as their users do, minified, without the gateway's plugins; returns the file of each. CommonJS, because a bundle of ES modules
 * would load Node's whole fetch at its first import of `node:http`.
 */
export async function bundlePeers(into: string, names: readonly string[]): Promise<Map<string, string>> {
  await build({
    absWorkingDir: folder,
    entryPoints: names.map((name) => ({ in: join(folder, name, 'lambda.mjs'), out: `${name}/index` })),
    outdir: into,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  return new Map(names.map((name) => [name, join(into, name, 'index.cjs')]));
}
