import { isBusy, type Heading } from '../heading.ts';
import { textTable } from '../text-table.ts';
import type { Table } from './tables.ts';

/** What stands above all figures. */
export function headingText(heading: Heading): string {
  const { day, machine, system, node, quick, load, peers } = heading;
  const busy = isBusy(heading) ? ': busy, so trust the ratios of processor time alone' : '';
  return `${quick ? 'Quick benchmark' : 'Benchmark'} of ${day}
  ${machine}; ${system}; Node ${node}
  ${peers.join(', ')}
  load before: ${load}${busy}
Medians, with the middle half of the rounds in parentheses.
`;
}

/** A table with its title. */
export function titled(title: string, table: Table): string {
  return `\n${title}\n\n${textTable(table)}`;
}
