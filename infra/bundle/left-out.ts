import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

interface LeftOut {
  /** The module's file, by the end of its path. */
  file: RegExp;
  /** What stands for it. */
  contents: string;
}

const require = createRequire(import.meta.url);
const nothing = 'module.exports = undefined;';
const refuse = (what: string) => `() => { throw new Error('a deployed function has no ${what}'); }`;

/**
 * What a deployed function can never come to use. The figures are what each saves: bytes of a minified bundle, or a part of an empty start's
 * processor time. A rule that no bundle needs any more fails a test.
 */
export const leftOut: readonly LeftOut[] = [
  // The pool speaks HTTP/1.1 alone: 30 kB, and Node's HTTP/2, a third of a start.
  { file: /undici\/lib\/dispatcher\/client-h2\.js$/, contents: nothing },
  // The parser for processors without SIMD, which Lambda does not have: 73 kB.
  { file: /undici\/lib\/llhttp\/llhttp-wasm\.js$/, contents: nothing },
  // Bodies here are text, never a FormData: 45 kB.
  {
    file: /undici\/lib\/web\/fetch\/body\.js$/,
    contents: `exports.extractBody = ${refuse('FormData')};`,
  },
  { file: /undici\/lib\/web\/fetch\/formdata\.js$/, contents: nothing },
  {
    file: /undici\/lib\/web\/webidl\/index\.js$/,
    contents: 'exports.webidl = { is: { FormData: () => false } };',
  },
  // The names of well-known headers as a tree: without it, an unknown name is as good. 0.1 of an empty start.
  { file: /undici\/lib\/core\/tree\.js$/, contents: 'exports.tree = { lookup: () => undefined };' },
  // Nobody listens to what the client tells of its work: 3 kB.
  { file: /undici\/lib\/core\/diagnostics\.js$/, contents: silentChannels() },
  // It looks for Web Crypto at its start, which loads all of that: 0.05 of an empty start. The SDK's clients do need random ids.
  {
    file: /@smithy\/core\/dist-es\/submodules\/serde\/uuid\/v4\.js$/,
    contents: "export const bindV4 = () => () => process.getBuiltinModule('node:crypto').randomUUID();",
  },
  // Of the parser's constants, the client looks at two lists: 9 kB.
  {
    file: /undici\/lib\/llhttp\/constants\.js$/,
    contents: constantsOf('undici/lib/llhttp/constants.js', ['TYPE', 'ERROR']),
  },
];

/** Some of a module's exports, as they are when the bundle is made. */
function constantsOf(module: string, names: readonly string[]): string {
  const all = require(module) as Record<string, unknown>; // A module of constants.
  const values = names.map((name) => [name, all[name]]);
  if (values.some(([, value]) => value === undefined)) throw new Error(`${module} lacks one of ${names.join(', ')}`);
  return `module.exports = ${JSON.stringify(Object.fromEntries(values))};`;
}

/** The client's channels, to which nobody listens. */
function silentChannels(): string {
  const { channels } = require('undici/lib/core/diagnostics.js') as { channels: object }; // Its channels by their names.
  return `const silent = { hasSubscribers: false, publish() {} };
exports.channels = { ${Object.keys(channels)
    .map((name) => `${name}: silent`)
    .join(', ')} };`;
}

/** Leaves modules out that cost time to read and are never used in Lambda. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    for (const { file, contents } of leftOut) build.onLoad({ filter: file }, () => ({ contents }));
  },
};
