import type { Plugin } from 'esbuild';

interface LeftOut {
  /** The module's file, by the end of its path. */
  file: RegExp;
  /** What stands for it. */
  contents: string;
}

const nothing = 'module.exports = undefined;';

/** What a deployed function can never come to use. */
const leftOut: readonly LeftOut[] = [
  // The pool speaks HTTP/1.1 alone, and Node's HTTP/2 is a third of an empty start.
  { file: /undici\/lib\/dispatcher\/client-h2\.js$/, contents: nothing },
  // An experimental parser that an environment variable turns on, and the parser for processors without SIMD: Lambda has none of those.
  { file: /undici\/lib\/milo\/(no-)?simd\.js$/, contents: nothing },
  { file: /undici\/lib\/llhttp\/llhttp-wasm\.js$/, contents: nothing },
  // Lambda gives a function its role's credentials in the environment: no profile, no SSO, no instance metadata.
  {
    file: /@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  },
];

/** Leaves modules out that cost time to read and are never used in Lambda. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    for (const { file, contents } of leftOut) build.onLoad({ filter: file }, () => ({ contents }));
  },
};
