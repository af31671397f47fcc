import type { ColdResult } from './cold/cold.ts';
import type { FarFigures } from './far/far.ts';
import type { ConcurrencyFigures } from './growth/concurrency.ts';
import type { TableFigures } from './growth/table.ts';
import type { Heading } from './heading.ts';
import type { SealFigures } from './seal/seal.ts';
import type { ServersResult } from './servers/servers.ts';
import type { WarmResult } from './warm/warm.ts';

/** The size of a function's artefact, minified. */
interface ArtefactSize {
  name: string;
  bytes: number;
}

/** What each part of the benchmark measures. */
export interface Parts {
  sizes: ArtefactSize[];
  cold: ColdResult;
  far: FarFigures[];
  warm: WarmResult;
  seal: SealFigures;
  servers: ServersResult;
  concurrency: ConcurrencyFigures[];
  table: TableFigures[];
}

/** The name of a part. */
export type PartName = keyof Parts;

/** The parts, in the order of their turn. */
export const partNames: readonly PartName[] = [
  'sizes',
  'cold',
  'far',
  'warm',
  'seal',
  'servers',
  'concurrency',
  'table',
];

/** What one run measured, and where. */
export interface Measured {
  heading: Heading;
  parts: Partial<Parts>;
}
