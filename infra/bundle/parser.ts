import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** V8's word for how much WebAssembly may run before it is compiled once more, better: roughly bytes. */
export const budget = { flag: '--wasm-tiering-budget', default: 13_000_000, ours: 1_000_000_000 };

/**
 * Lets V8 compile undici's parser better after some hundred answers instead of some four: that takes 20 ms of the processor and 20 MB, which
 * a container that is starting lacks, half of them before the first call is answered. The flag has to be what it was before Node loads more
 * of its own modules, or V8 compiles those anew too.
 */
export const patientParser: Plugin = {
  name: 'patient-parser',
  setup(build) {
    build.onLoad({ filter: /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/ }, async ({ path }) => ({
      contents: `const v8 = process.getBuiltinModule('node:v8');
v8.setFlagsFromString('${budget.flag}=${budget.ours}');
queueMicrotask(() => v8.setFlagsFromString('${budget.flag}=${budget.default}'));
${await readFile(path, 'utf8')}`,
    }));
  },
};
