import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { asModules } from './bundle/as-modules.ts';
import { builtIns } from './bundle/built-ins.ts';
import { evaluated } from './bundle/evaluated.ts';
import { leaveOut } from './bundle/left-out.ts';
import { parser, patientParser } from './bundle/parser.ts';

const root = resolve(import.meta.dirname, '..');

/** Where the bundles are from which an environment is deployed. */
export const bundlesFolder = join(root, 'dist');

/** One bundle: a folder that needs nothing but Node. */
export interface Bundle {
  name: string;
  /** The path of its module, `…/<name>/index.mjs`. */
  file: string;
  /** Of all that is in the folder. */
  bytes: number;
  /** The modules in it, by their paths in the repository. */
  modules: readonly string[];
}

/**
 * Bundles every function as it is deployed: `<folder>/<name>/index.mjs` holds its whole module graph, beside it lies undici's parser, and
 * `<folder>/<name>` can be uploaded as it is; source maps are in `<folder>/maps`. The same sources give the same bytes. Throws esbuild's
 * BuildFailure.
 */
export async function bundleFunctions(folder: string): Promise<Bundle[]> {
  const files = (await readdir(join(root, 'functions'))).toSorted();
  return bundle(folder, Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ''), `functions/${file}`])));
}

/** Bundles any modules in the same way: paths in the repository, by the name that each bundle gets. Throws esbuild's BuildFailure. */
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
    // The AWS SDK's ES modules: of those, esbuild leaves out what nobody imports.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    // undici's own word for a bundle without its experimental parser: 14 kB of code and the parser's 150 kB.
    define: { esbuildDetection: 'true' },
    sourcemap: 'external',
    // The first one that knows a module has it.
    plugins: [builtIns, evaluated, leaveOut, asModules, patientParser],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  // What an earlier build left must not be uploaded with this one.
  await Promise.all(Object.keys(entries).map((name) => rm(join(folder, name), { recursive: true, force: true })));
  for (const { path, contents } of outputFiles) {
    const file = path.endsWith('.map') ? join(folder, 'maps', relative(folder, path)) : path;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  const made = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));
  return Promise.all(
    made.map(async ([path, { bytes, inputs }]) => {
      const file = resolve(root, path);
      const modules = Object.keys(inputs);
      const parses = parser.isIn(modules);
      if (parses) await writeFile(join(dirname(file), parser.file), parser.bytes);
      return {
        name: basename(dirname(file)),
        file,
        bytes: bytes + (parses ? parser.bytes.length : 0),
        modules,
      };
    }),
  );
}

if (import.meta.main) await bundleFunctions(bundlesFolder);
