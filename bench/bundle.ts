import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { builtIns } from './bundle/built-ins.ts';
import { leaveOut } from './bundle/left-out.ts';

const root = resolve(import.meta.dirname, '..');

/** One bundle: a file that needs nothing but Node. */
export interface Bundle {
  name: string;
  /** Its path, `…/<name>/index.mjs`. */
  file: string;
  bytes: number;
  /** The modules in it, by their paths in the repository. */
  modules: readonly string[];
}

/** What a build made, and esbuild's own account of it. */
export interface Bundles {
  bundles: readonly Bundle[];
  metafile: Metafile;
}

/**
 * Bundles every function as it is deployed: `<folder>/<name>/index.mjs` holds its whole module graph, and `<folder>/<name>` can be uploaded as
 * it is. The same sources give the same bytes. Throws esbuild's BuildFailure.
 */
export async function bundleFunctions(folder: string): Promise<Bundles> {
  const files = (await readdir(resolve(root, 'functions'))).toSorted();
  return bundle(folder, Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ''), `functions/${file}`])));
}

/** Bundles any modules in the same way: paths in the repository, by the name that each bundle gets. Throws esbuild's BuildFailure. */
export async function bundle(folder: string, entries: Readonly<Record<string, string>>): Promise<Bundles> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: path, out: `${name}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The AWS SDK's ES modules: of those, esbuild leaves out what nobody imports.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    plugins: [builtIns, leaveOut],
    metafile: true,
    logLevel: 'silent',
  });
  const bundles = Object.entries(metafile.outputs).map(([path, { bytes, inputs }]) => ({
    name: path.split('/').at(-2) ?? '',
    file: resolve(root, path),
    bytes,
    modules: Object.keys(inputs),
  }));
  return { bundles, metafile };
}
