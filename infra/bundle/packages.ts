import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

// How bundles change modules: of undici mostly, because loading a package takes most of a cold start. The percentages are of the CPU time of an
// empty function's start, the sizes of a minified bundle.

interface Replacement {
  /** Matches the end of the module's path. */
  module: RegExp;
  contents: string;
}

const require = createRequire(import.meta.url);
const empty = 'module.exports = undefined;';

/** Modules that a deployed function never uses, and what replaces them. A test fails for a replacement that no bundle contains. */
export const replacements: readonly Replacement[] = [
  // The pool uses HTTP/1.1 only: saves 30 kB, and Node's HTTP/2, which is 33 %.
  { module: /undici\/lib\/dispatcher\/client-h2\.js$/, contents: empty },
  // The parser for processors without SIMD, which Lambda does not have: 73 kB.
  { module: /undici\/lib\/llhttp\/llhttp-wasm\.js$/, contents: empty },
  // Bodies are text, never a FormData: 45 kB.
  {
    module: /undici\/lib\/web\/fetch\/body\.js$/,
    contents: `exports.extractBody = () => { throw new Error('a deployed function has no FormData'); };`,
  },
  { module: /undici\/lib\/web\/fetch\/formdata\.js$/, contents: empty },
  {
    module: /undici\/lib\/web\/webidl\/index\.js$/,
    contents: 'exports.webidl = { is: { FormData: () => false } };',
  },
  // A search tree of well-known header names, which works the same if it finds none: 10 %.
  { module: /undici\/lib\/core\/tree\.js$/, contents: 'exports.tree = { lookup: () => undefined };' },
  // Diagnostics channels, which have no subscribers: 3 kB.
  { module: /undici\/lib\/core\/diagnostics\.js$/, contents: silentChannels() },
  // It loads Web Crypto when it is imported: 5 %. The clients of the SDK need random ids.
  {
    module: /@smithy\/core\/dist-es\/submodules\/serde\/uuid\/v4\.js$/,
    contents: "export const bindV4 = () => () => process.getBuiltinModule('node:crypto').randomUUID();",
  },
  // The client uses two of the parser's constants: 9 kB.
  { module: /undici\/lib\/llhttp\/constants\.js$/, contents: constants(['TYPE', 'ERROR']) },
];

function constants(names: readonly string[]): string {
  const all = require('undici/lib/llhttp/constants.js') as Record<string, unknown>; // A module of constants.
  const missing = names.filter((name) => all[name] === undefined);
  if (missing.length > 0) throw new Error(`undici/lib/llhttp/constants.js has no ${missing.join(', ')}`);
  return `module.exports = ${JSON.stringify(Object.fromEntries(names.map((name) => [name, all[name]])))};`;
}

function silentChannels(): string {
  const { channels } = require('undici/lib/core/diagnostics.js') as { channels: object }; // Its channels by name.
  const silent = Object.keys(channels).map((name) => `${name}: silent`);
  return `const silent = { hasSubscribers: false, publish() {} };\nexports.channels = { ${silent.join(', ')} };`;
}

/** Replaces modules that no deployed function uses. */
export const replaceUnused: Plugin = {
  name: 'replace-unused',
  setup(build) {
    for (const { module, contents } of replacements) build.onLoad({ filter: module }, () => ({ contents }));
  },
};

/** Replaces a module by the values that it exports, where the values are constant and smaller than the code that computes them. */
export const evaluate: Plugin = {
  name: 'evaluate',
  setup(build) {
    build.onLoad({ filter: /lib\/openapi\/scalar\.ts$/ }, async ({ path }) => {
      const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
      const lines = Object.entries(exported).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
      return { contents: lines.join('\n') };
    });
  },
};

/**
 * Converts undici's CommonJS modules to ES modules: saves 10 %. In a bundle, CommonJS modules are functions, which V8 parses twice: with the
 * bundle and when it runs them. Modules that are loaded lazily, as the parser is, stay CommonJS.
 */
export const convertToEsm: Plugin = {
  name: 'convert-to-esm',
  setup(build) {
    build.onLoad({ filter: /undici\/lib\/(api|core|dispatcher|util)\/[\w-]+\.js$/ }, async ({ path }) => ({
      contents: toEsm(await readFile(path, 'utf8')),
    }));
  },
};

/** Converts the top-level calls of `require` for undici's own modules. Node's modules, and calls inside functions, stay as they are. */
function toEsm(text: string): string {
  const imports: string[] = [];
  const body = text.replaceAll(/^(\S.* = )require\(('\.[^']+')\)/gm, (_line, assignment: string, path: string) => {
    const name = `required${imports.length}`;
    imports.push(`import ${name} from ${path};`);
    return assignment + name;
  });
  return [...imports, 'const module = { exports: {} };', body, 'export default module.exports;'].join('\n');
}

const wasm = /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/;

/** V8's flag for the amount of executed WebAssembly, in bytes roughly, after which V8 optimizes it. */
export const tieringBudget = { flag: '--wasm-tiering-budget', default: 13_000_000, bundled: 1_000_000_000 };

/** undici's parser, a file beside each bundle that uses it: as base64 inside the bundle it is a third larger and adds 2 % to a start. */
export const parser = {
  file: 'llhttp.wasm',
  /** Whether a bundle of these modules uses the parser. */
  isIn: (modules: readonly string[]): boolean => modules.some((module) => wasm.test(module)),
  /** The contents of the file. */
  bytes: require('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer,
};

/**
 * Loads the parser from its file, and delays its optimization from some four responses to some hundred: it takes 20 ms of CPU time and 20 MB,
 * half of them before the first response. The flag is reset before Node loads more of its modules, or V8 would compile those again.
 */
export const loadParser: Plugin = {
  name: 'load-parser',
  setup(build) {
    build.onResolve({ filter: /^parser-file$/ }, ({ path }) => ({ path, namespace: path }));
    build.onLoad({ filter: /./, namespace: 'parser-file' }, () => ({
      contents: `export const bytes = process.getBuiltinModule('node:fs').readFileSync(new URL('${parser.file}', import.meta.url));`,
    }));
    build.onLoad({ filter: wasm }, () => ({
      contents: `const v8 = process.getBuiltinModule('node:v8');
v8.setFlagsFromString('${tieringBudget.flag}=${tieringBudget.bundled}');
queueMicrotask(() => v8.setFlagsFromString('${tieringBudget.flag}=${tieringBudget.default}'));
module.exports = require('parser-file').bytes;`,
    }));
  },
};
