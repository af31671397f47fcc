import { functionName, operations, type Operation } from '#lib/operations/table.ts';
import type { Part } from '../context.ts';
import { number } from '../figures.ts';

/** The size of a function's artefact. */
interface ArtefactSize {
  name: string;
  bytes: number;
}

/** The functions of the operations: those that only forward a token, without AWS, and those that sign with secrets. */
export const classes = {
  forwarding: functionsWith(({ secrets, items }) => secrets.length === 0 && Object.keys(items).length === 0),
  signing: functionsWith(({ secrets, items }) => secrets.length > 0 || Object.keys(items).length > 0),
} as const;

function functionsWith(test: (needs: Operation['needs']) => boolean): ReadonlySet<string> {
  const rows = Object.entries<Operation>(operations).filter(([, { needs }]) => test(needs));
  return new Set(rows.map(([id]) => functionName(id)));
}

/** The sizes of the artefacts. */
export const sizes: Part<ArtefactSize[]> = {
  title: 'Artefacts, minified',
  async measure({ bundles }) {
    const relevant = bundles.filter(({ name }) => classes.forwarding.has(name) || classes.signing.has(name));
    return relevant.map(({ name, bytes }) => ({ name, bytes }));
  },
  table: (figures) => [
    ['function', 'kB', 'class'],
    ...figures.map(({ name, bytes }) => [
      name,
      number(bytes / 1000),
      classes.forwarding.has(name) ? 'forwarding' : 'signed',
    ]),
  ],
};
