import { classes } from '../classes.ts';
import type { ColdFigures } from '../cold/cold.ts';
import { goals, verdictOf } from '../goals.ts';
import type { TableFigures } from '../growth/table.ts';
import type { PartName, Parts } from '../measured.ts';
import { coldPeers, servers, warmSubjects } from '../names.ts';
import { megabytes, number, spread } from './cells.ts';

/** Rows of cells, the heading first. */
export type Table = readonly (readonly string[])[];

/** The table of goals, as far as their parts were measured. */
export function goalTable(parts: Partial<Parts>): Table {
  const rows = goals.flatMap((goal) => {
    const reached = goal.reached(parts);
    if (reached === undefined) return [];
    const { what, unit, digits, more } = goal;
    const sign = more ? '≥' : '≤';
    const value = reached.spread === undefined ? number(reached.value, digits) : spread(reached.spread, digits);
    const limits = [goal.goal, goal.stretch].map((limit) => `${sign} ${number(limit, digits)}`);
    return [[what, `${value} ${unit}`, ...limits, verdictOf(goal, reached), reached.remark]];
  });
  return [['', 'measured', 'goal', 'stretch', '', 'worst, or what is compared'], ...rows];
}

/** The table of each part. */
export const partTables: { readonly [Name in PartName]: (measured: Parts[Name]) => Table } = {
  sizes: (sizes) => [
    ['function', 'kB', 'class'],
    ...sizes.map(({ name, bytes }) => [name, number(bytes / 1000), classOf(name)]),
  ],
  cold: ({ functions, peers }) => [
    ['cold start', 'time, × empty', 'processor, × empty', 'peak memory, × empty', 'ms', 'asks AWS', 'asks Budgea'],
    ...functions.map(coldRow),
    ...peers.map((figures) => coldRow({ ...figures, name: peerName(figures.name) })),
  ],
  far: (figures) => [
    ['first call from far away', 'ms'],
    ...figures.map(({ name, time }) => [peerName(name), spread(time, 0)]),
  ],
  warm: ({ figures }) => [
    ['warm call, µs of the processor', 'undici alone', 'handler', 'more'],
    ...figures.map(({ name, direct, handler, added }) => [
      warmSubjects[name],
      spread(direct, 0),
      spread(handler, 0),
      spread(added, 0),
    ]),
  ],
  seal: ({ seal, unseal, both }) => [
    ['webauth state', 'µs of the processor'],
    ['seal', spread(seal, 1)],
    ['unseal', spread(unseal, 1)],
    ['both', spread(both, 1)],
  ],
  servers: ({ figures }) => [
    ['server', 'answers a second', 'of express + axios', 'µs of the processor', 'ms, mean', 'ms, p99', 'peak MB'],
    ...figures.map(({ name, rate, ratio, processor, latency, p99, peakBytes }) => [
      servers[name],
      spread(rate, 0),
      spread(ratio),
      spread(processor, 0),
      number(latency.median, 1),
      number(p99.median),
      megabytes(peakBytes),
    ]),
  ],
  concurrency: (figures) => [
    ['calls at once', 'answers a second', 'ms, mean', 'ms, p99', 'peak MB'],
    ...figures.map(({ calls, rate, latency, p99, peakBytes }) => [
      number(calls),
      spread(rate, 0),
      number(latency.median, 1),
      number(p99.median),
      megabytes(peakBytes.median),
    ]),
  ],
  table: (figures) => [
    ['in the table', 'call', 'asks the table for', 'ms', 'of the first row’s'],
    ...figures.flatMap((each) => [tableRow(each, 'first'), tableRow(each, 'later')]),
  ],
};

/** A peer's name as people know it. */
export function peerName(name: string): string {
  return Object.entries(coldPeers).find(([known]) => known === name)?.[1] ?? name;
}

function coldRow({ name, time, work, peak, milliseconds, requests: { aws, upstream } }: ColdFigures): string[] {
  const ratios = [time, work, peak].map((ratio) => spread(ratio));
  return [name, ...ratios, number(milliseconds.median), number(aws), number(upstream)];
}

function tableRow(figures: TableFigures, kind: 'first' | 'later'): string[] {
  const { asked, milliseconds, ratio } = figures[kind];
  const items = Object.entries(asked).map(([name, count]) => `${Number(count.toFixed(2))} ${name}`);
  return [
    `${number(figures.partners)} partners, ${number(figures.users)} users`,
    kind === 'first' ? 'a partner’s first' : 'later',
    items.join(', '),
    spread(milliseconds),
    spread(ratio),
  ];
}

function classOf(name: string): string {
  if (classes.forwarding.has(name)) return 'forwarding';
  return classes.signing.has(name) ? 'signed' : 'background';
}
