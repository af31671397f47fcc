import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const names = builtinModules.filter((name) => !name.startsWith('_')).map((name) => name.replace('node:', ''));
// An exact filter: a callback for each import would take longer than the rest of the build.
const builtIn = new RegExp(`^(node:)?(${names.join('|')})$`);

/** Replacements for modules of Node in undici, with the few exports that it uses. Each saves 10 % of the CPU time of an empty function's start. */
export const stubs: Readonly<Record<string, string>> = {
  // undici checks bodies for IncomingMessage, which the gateway never sends, and reads the maximum header size.
  http: 'exports.IncomingMessage = class {}; exports.maxHeaderSize = 16384;',
  // Node's module can display differences between objects.
  assert: `module.exports = assert;
function assert(holds, message) { if (!holds) throw message instanceof Error ? message : new Error(message ?? 'assertion failed'); }
assert.ok = assert;
assert.strictEqual = assert.equal = (one, other, message) => assert(one === other, message);
assert.notStrictEqual = (one, other, message) => assert(one !== other, message);`,
};

/** Modules that are loaded by the first call of one of their functions: crypto takes 20 %, and reading the exports of util loads worker threads. */
const lazy = new Set(['crypto', 'util']);

/**
 * Loads Node's modules by `process.getBuiltinModule`. An ES module that imports `node:http` reads all its exports, one of which loads Node's
 * fetch. The call reads none, and it also replaces `require`, which an ES module does not have.
 */
export const loadBuiltIns: Plugin = {
  name: 'load-built-ins',
  setup(build) {
    build.onResolve({ filter: builtIn }, ({ path, importer, kind }) => {
      const name = path.replace('node:', '');
      const isStub = name in stubs && /\/undici\/lib\//.test(importer);
      const isLazy = lazy.has(name) && kind === 'import-statement';
      return { path: name, namespace: isStub ? 'stub' : isLazy ? 'lazy' : 'built-in', sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => ({ contents: lazyFunctions(path) }));
    build.onLoad({ filter: /./, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
    build.onLoad({ filter: /./, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path] ?? '' }));
  },
};

/** Exports the functions of a module of Node, each of which loads the module when it is called. */
function lazyFunctions(module: string): string {
  const exported = process.getBuiltinModule(module) as Readonly<Record<string, unknown>> | undefined; // Any module.
  const functions = Object.entries(exported ?? {}).filter(([, value]) => typeof value === 'function');
  const load = `process.getBuiltinModule('node:${module}')`;
  return functions.map(([name]) => `export const ${name} = (...args) => ${load}.${name}(...args);`).join('\n');
}
