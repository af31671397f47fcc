import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { loadBuiltIns } from './bundle/built-ins.ts';
import { convertToEsm, evaluate, loadParser, parser, replaceUnused } from './bundle/packages.ts';

const root = resolve(import.meta.dirname, '..');

/** The folder of the bundles that are deployed. */
export const bundlesFolder = join(root, 'dist');

/** A bundle: a folder that needs nothing but Node. */
export interface Bundle {
  name: string;
  /** The path of its module, `…/<name>/index.mjs`. */
  file: string;
  /** The size of all files in the folder. */
  bytes: number;
  /** The paths of its modules in the repository. */
  modules: readonly string[];
}

/**
 * Bundles every function as it is deployed: `<folder>/<name>` has the module `index.mjs` and undici's parser and can be uploaded as it is.
 * Source maps are in `<folder>/maps`. The same sources produce the same bytes. Throws esbuild's BuildFailure.
 */
export async function bundleFunctions(folder: string): Promise<Bundle[]> {
  const files = (await readdir(join(root, 'functions'))).toSorted();
  return bundle(folder, Object.fromEntries(files.map((file) => [basename(file, '.ts'), `functions/${file}`])));
}

/** Bundles modules in the same way: `entries` has their paths in the repository by the names of the bundles. Throws esbuild's BuildFailure. */
export async function bundle(folder: string, entries: Readonly<Record<string, string>>): Promise<Bundle[]> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: path, out: `${name}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The AWS SDK's ES modules: esbuild omits the unused ones.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    // undici omits its experimental parser from bundles that define this: 14 kB of code and a file of 150 kB.
    define: { esbuildDetection: 'true' },
    sourcemap: 'external',
    // The first plugin whose filter matches handles a module.
    plugins: [loadBuiltIns, evaluate, replaceUnused, convertToEsm, loadParser],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  // Files of earlier builds must not be uploaded.
  await Promise.all(Object.keys(entries).map((name) => rm(join(folder, name), { recursive: true, force: true })));
  for (const { path, contents } of outputFiles) {
    const file = path.endsWith('.map') ? join(folder, 'maps', relative(folder, path)) : path;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  const outputs = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));
  return Promise.all(
    outputs.map(async ([path, { bytes, inputs }]) => {
      const file = resolve(root, path);
      const modules = Object.keys(inputs);
      const name = basename(dirname(file));
      if (!parser.isIn(modules)) return { name, file, bytes, modules };
      await writeFile(join(dirname(file), parser.file), parser.bytes);
      return { name, file, bytes: bytes + parser.bytes.length, modules };
    }),
  );
}

if (import.meta.main) await bundleFunctions(bundlesFolder);
