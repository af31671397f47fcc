import { textTable } from '../text-table.ts';
import { expectedOf, loadsAwsInVain } from './expected.ts';
import type { Started } from './starts.ts';

/** The text about functions' starts, and about the parts that they are made of. */
export function startReport(functions: readonly Started[], parts: readonly Started[], runs: number): string {
  const inVain = functions.filter(({ bundle }) => loadsAwsInVain(bundle)).map(({ bundle }) => bundle.name);
  return `Cold starts: medians of ${runs} runs each, by turns, as multiples of an empty module's start (time: of the
clock, noisy on a busy machine; work: of the processor)

${textTable([['function', 'size', 'time', 'goal', '', 'work'], ...functions.map(functionRow)])}
What they are made of, each on its own

${textTable([['part', 'size', 'time', 'work'], ...parts.map(partRow)])}
Functions that need nothing of AWS load no AWS client: ${inVain.length === 0 ? 'kept' : `BROKEN by ${inVain.join(', ')}`}
`;
}

function functionRow({ bundle: { name, bytes }, start: { time, work } }: Started): string[] {
  const { goal } = expectedOf(name);
  return [name, size(bytes), time.toFixed(2), `≤ ${goal.toFixed(1)}`, time <= goal ? 'met' : 'MISSED', work.toFixed(2)];
}

function partRow({ bundle: { name, bytes }, start: { time, work } }: Started): string[] {
  return [name, size(bytes), time.toFixed(2), work.toFixed(2)];
}

const size = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
