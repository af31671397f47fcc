import { join } from 'node:path';
import { bundle } from '#infra/bundle.ts';
import type { Part } from '../context.ts';
import { spread, spreadOf, type Spread } from '../figures.ts';
import { processFile, runProgram } from '../processes.ts';
import type { SealRound } from '../processes/seal-meter.ts';

/** The processor time of sealing and opening a webauth state, in microseconds. */
export interface SealFigures {
  seal: Spread;
  unseal: Spread;
  both: Spread;
}

/** Seals and opens states with the functions' module, bundled as theirs. */
export const seal: Part<SealFigures> = {
  title: 'Sealing',
  async measure({ folder, quick, variablesOf, report, signal }) {
    report('sealing');
    const [module] = await bundle(join(folder, 'seal'), { 'webauth-state': 'lib/webauth-state.ts' });
    const effort = quick ? ['5', '1000'] : ['20', '2000'];
    const args = [processFile('seal-meter.ts'), module?.file ?? '', ...effort];
    const rounds = await runProgram<SealRound[]>({ args, variables: variablesOf('webauth-get'), signal });
    return {
      seal: spreadOf(rounds.map((round) => round.seal)),
      unseal: spreadOf(rounds.map((round) => round.unseal)),
      both: spreadOf(rounds.map((round) => round.seal + round.unseal)),
    };
  },
  table: (figures) => [
    ['webauth state', 'µs of the processor'],
    ['seal', spread(figures.seal, 1)],
    ['unseal', spread(figures.unseal, 1)],
    ['both', spread(figures.both, 1)],
  ],
};
