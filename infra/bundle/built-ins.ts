import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const names = builtinModules.filter((name) => !name.startsWith('_')).map((name) => name.replace('node:', ''));
// Asked about each import, JavaScript takes longer than all the rest of the build.
const builtIn = new RegExp(`^(node:)?(${names.join('|')})$`);

/** What undici gets in place of a module of Node's, for the little that it takes of it. */
export const standIns: Readonly<Record<string, string>> = {
  // It knows an IncomingMessage among bodies, of which there are none here, and the longest head: 0.1 of an empty start's processor time.
  http: 'exports.IncomingMessage = class {}; exports.maxHeaderSize = 16384;',
  // Node's has a difference of objects to show: 0.1 as well.
  assert: `module.exports = assert;
function assert(holds, message) { if (!holds) throw message instanceof Error ? message : new Error(message ?? 'assertion failed'); }
assert.ok = assert;
assert.strictEqual = assert.equal = (one, other, message) => assert(one === other, message);
assert.notStrictEqual = (one, other, message) => assert(one !== other, message);`,
};

/**
 * Modules of Node's that are read when one of their functions is called for the first time: crypto is 0.2 of an empty start's
 * processor time, and whoever only looks through util loads its worker threads.
 */
const late = new Set(['crypto', 'util']);

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An ES module that imports `node:http` reads its every export, and one of those
 * loads Node's whole fetch; this call reads nothing, and works for `require` in an ES module too.
 */
export const builtIns: Plugin = {
  name: 'built-ins',
  setup(build) {
    build.onResolve({ filter: builtIn }, ({ path, importer, kind }) => {
      const name = path.replace('node:', '');
      const standsIn = name in standIns && /\/undici\/lib\//.test(importer);
      const isLate = late.has(name) && kind === 'import-statement';
      const namespace = standsIn ? 'stand-in' : isLate ? 'late' : 'built-in';
      return { path: name, namespace, sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: 'late' }, ({ path }) => ({ contents: lateFunctions(path) }));
    build.onLoad({ filter: /./, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
    build.onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({ contents: standIns[path] ?? '' }));
  },
};

/** The functions of a module of Node's, each of which loads it when it is called. */
function lateFunctions(module: string): string {
  const all = process.getBuiltinModule(module) as Readonly<Record<string, unknown>> | undefined; // Any module's exports.
  const functions = Object.keys(all ?? {}).filter((name) => typeof all?.[name] === 'function');
  return functions
    .map((name) => `export const ${name} = (...given) => process.getBuiltinModule('node:${module}').${name}(...given);`)
    .join('\n');
}
