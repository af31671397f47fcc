import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

const wasm = /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/;

/** V8's word for how much WebAssembly may run before it is compiled once more, better: roughly bytes. */
export const budget = { flag: '--wasm-tiering-budget', default: 13_000_000, ours: 1_000_000_000 };

/** undici's parser, which lies as a file beside each bundle that needs it: as base64 in the bundle it has a third more bytes, and takes 0.02 of an empty start. */
export const parser = {
  file: 'llhttp.wasm',
  /** Whether a bundle of these modules needs it. */
  isIn: (modules: readonly string[]): boolean => modules.some((module) => wasm.test(module)),
  /** The module that undici has it in. */
  bytes: createRequire(import.meta.url)('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer,
};

/**
 * Lets V8 compile undici's parser better after some hundred answers instead of some four: that takes 20 ms of the processor and 20 MB, which
 * a container that is starting lacks, half of them before the first call is answered. The flag has to be what it was before Node loads more
 * of its own modules, or V8 compiles those anew too.
 */
export const patientParser: Plugin = {
  name: 'patient-parser',
  setup(build) {
    build.onResolve({ filter: /^parser-beside$/ }, ({ path }) => ({ path, namespace: path }));
    build.onLoad({ filter: /./, namespace: 'parser-beside' }, () => ({
      contents: `export const bytes = process.getBuiltinModule('node:fs').readFileSync(new URL('${parser.file}', import.meta.url));`,
    }));
    build.onLoad({ filter: wasm }, () => ({
      contents: `const v8 = process.getBuiltinModule('node:v8');
v8.setFlagsFromString('${budget.flag}=${budget.ours}');
queueMicrotask(() => v8.setFlagsFromString('${budget.flag}=${budget.default}'));
module.exports = require('parser-beside').bytes;`,
    }));
  },
};
