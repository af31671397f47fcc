import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** Modules whose exports are the same wherever they are made, and made of much more than they are. */
const modules = /lib\/openapi\/scalar\.ts$/;

/** Puts the values that a module exports into the bundle instead of what makes them. */
export const evaluated: Plugin = {
  name: 'evaluated',
  setup(build) {
    build.onLoad({ filter: modules }, async ({ path }) => {
      const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
      const lines = Object.entries(exported).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
      return { contents: lines.join('\n') };
    });
  },
};
