import type { Part } from './context.ts';
import { cold } from './parts/cold.ts';
import { concurrency } from './parts/concurrency.ts';
import { far } from './parts/far.ts';
import { seal } from './parts/seal.ts';
import { servers } from './parts/servers.ts';
import { sizes } from './parts/sizes.ts';
import { table } from './parts/table.ts';
import { warm } from './parts/warm.ts';

const all = { sizes, cold, far, warm, seal, servers, concurrency, table };

/** The name of a part. */
export type PartName = keyof typeof all;

/** The figures of every part. */
export type Figures = { [Name in PartName]: (typeof all)[Name] extends Part<infer F> ? F : never };

/** The parts of the benchmark, in the order in which they run. */
export const parts: { readonly [Name in PartName]: Part<Figures[Name]> } = all;

/** The names of all parts. */
export const partNames = Object.keys(parts) as PartName[]; // Object.keys widens the keys.
