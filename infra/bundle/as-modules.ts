import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Makes ES modules of undici's CommonJS ones. In a bundle those are functions, whose text V8 reads once with the bundle and once more when it
 * runs them: 0.1 of an empty start. A parser that is loaded late stays as it is.
 */
export const asModules: Plugin = {
  name: 'as-modules',
  setup(build) {
    build.onLoad({ filter: /undici\/lib\/(api|core|dispatcher|util)\/[\w-]+\.js$/ }, async ({ path }) => ({
      contents: asModule(await readFile(path, 'utf8')),
    }));
  },
};

/** What a line outside of any function requires of undici is imported; what is Node's own, or required when a function is called, stays required. */
function asModule(text: string): string {
  const imports: string[] = [];
  const body = text.replaceAll(/^(\S.* = )require\(('\.[^']+')\)/gm, (_line, assigned: string, path: string) => {
    const name = `required${imports.length}`;
    imports.push(`import ${name} from ${path};`);
    return assigned + name;
  });
  return [...imports, 'const module = { exports: {} };', body, 'export default module.exports;'].join('\n');
}
