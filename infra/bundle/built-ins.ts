import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const names = builtinModules.filter((name) => !name.startsWith('_')).map((name) => name.replace('node:', ''));
// Asked about each import, JavaScript takes longer than all the rest of the build.
const builtIn = new RegExp(`^(node:)?(${names.join('|')})$`);

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An ES module that imports `node:http` reads its every export, and one of those
 * loads Node's whole fetch; this call reads nothing, and works for `require` in an ES module too.
 */
export const builtIns: Plugin = {
  name: 'built-ins',
  setup(build) {
    build.onResolve({ filter: builtIn }, ({ path }) => ({
      path: path.replace('node:', ''),
      namespace: 'built-in',
      sideEffects: false,
    }));
    build.onLoad({ filter: /./, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
  },
};
