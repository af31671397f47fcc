import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { builtIns } from './bundle/built-ins.ts';
import { leaveOut } from './bundle/left-out.ts';

const root = resolve(import.meta.dirname, '..');

/** Where the bundles are from which an environment is deployed. */
export const bundlesFolder = join(root, 'dist');

/** The names of all functions: their files in `functions/`, without the extension. */
export async function functionNames(): Promise<string[]> {
  const files = await readdir(join(root, 'functions'));
  return files.map((file) => basename(file, '.ts')).toSorted();
}

/** Bundles every function as it is deployed, `<folder>/<function>/index.mjs`. Throws esbuild's BuildFailure. */
export async function bundleFunctions(folder: string): Promise<Metafile> {
  const names = await functionNames();
  return bundle(folder, Object.fromEntries(names.map((name) => [name, `functions/${name}.ts`])));
}

/**
 * Bundles modules; `entries` are files, relative to the repository, by the name that their bundle gets. `<folder>/<name>/` then holds the whole
 * module graph and nothing else, so that it can be uploaded as it is; the source map is in `<folder>/maps/`. The same sources give the same bytes.
 * Gives esbuild's account of what is in them. Throws esbuild's BuildFailure.
 */
export async function bundle(folder: string, entries: Readonly<Record<string, string>>): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, file]) => ({ in: file, out: `${name}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The AWS SDK's ES modules, of which esbuild leaves out what nobody imports.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    sourcemap: 'external',
    plugins: [builtIns, leaveOut],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  await Promise.all(Object.keys(entries).map((name) => rm(join(folder, name), { recursive: true, force: true })));
  for (const { path, contents } of outputFiles) {
    const file = path.endsWith('.map') ? join(folder, 'maps', relative(folder, path)) : path;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return metafile;
}

if (import.meta.main) await bundleFunctions(bundlesFolder);
