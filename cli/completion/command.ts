import { quoted } from '#lib/shell.ts';

/** Defines the command `gateway`, which works from every folder as `npm run gateway --` does in the project's. */
export function commandFunction(project: string): string {
  return `gateway() {
  (cd ${quoted(project)} && PATH=${quoted(`${project}/node_modules/.bin`)}:$PATH exec node --import ./local/require-node.mjs cli/main.ts "$@")
}`;
}
