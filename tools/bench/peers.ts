import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles peers as their users do, minified and without tricks; gives the file of each. CommonJS, because a bundle of ES modules would load Node's
 * whole fetch at its first import of `node:http`.
 */
export async function bundlePeers(folder: string, names: readonly string[]): Promise<Map<string, string>> {
  const peers = join(import.meta.dirname, 'peers');
  await build({
    absWorkingDir: peers,
    entryPoints: names.map((name) => ({ in: join(peers, name, 'lambda.mjs'), out: `${name}/index` })),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  return new Map(names.map((name) => [name, join(folder, name, 'index.cjs')]));
}
