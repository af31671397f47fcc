import { classes } from '../classes.ts';
import { coldGoals } from '../goals.ts';
import type { ColdFigures } from '../cold/cold.ts';
import type { Parts } from '../measured.ts';
import { servers as serverNames, warmSubjects } from '../names.ts';
import { barPlot, type Bar } from './bar-plot.ts';
import { linePlots } from './line-plots.ts';
import { peerName } from './tables.ts';

/** The plots of a report, by the names of their files. */
export function plotsOf({ cold, warm, servers, concurrency }: Parts): Readonly<Record<string, string>> {
  return {
    'cold.svg': barPlot({
      title: 'Cold: from the start of a process to its first answer, as a multiple of an empty function’s',
      bars: coldBars(cold),
      digits: 2,
      marks: [
        { value: coldGoals.forwarding, name: 'goal, forwarding' },
        { value: coldGoals.signing, name: 'goal, signed' },
      ],
    }),
    'warm.svg': barPlot({
      title: 'Warm: µs of the processor for a call, beyond those of undici alone (grey)',
      bars: warm.figures.map(({ name, direct, added }) => ({
        name: warmSubjects[name],
        spread: added,
        base: direct.median,
        kind: name in serverNames ? 'peer' : 'own',
      })),
      digits: 0,
    }),
    'servers.svg': barPlot({
      title: 'As HTTP servers: answers a second',
      bars: servers.figures.map(({ name, rate }) => ({
        name: serverNames[name],
        spread: rate,
        kind: name === 'gateway' ? 'own' : 'peer',
      })),
      digits: 0,
    }),
    'concurrency.svg': linePlots(
      'More calls at once in one process',
      'calls at once',
      concurrency.map(({ calls }) => calls),
      [
        { title: 'answers a second', values: concurrency.map(({ rate }) => rate.median) },
        { title: 'peak memory, MB', values: concurrency.map(({ peakBytes }) => peakBytes.median / 1e6) },
      ],
    ),
  };
}

function coldBars({ functions, peers }: Parts['cold']): Bar[] {
  return [
    ...functions.filter(({ name }) => classes.forwarding.has(name)).map(ownBar),
    ...functions.filter(({ name }) => classes.signing.has(name)).map(ownBar),
    ...peers.map(({ name, time: spread }): Bar => ({ name: peerName(name), spread, kind: 'peer' })),
  ];
}

function ownBar({ name, time: spread }: ColdFigures): Bar {
  return { name, spread, kind: 'own' };
}
