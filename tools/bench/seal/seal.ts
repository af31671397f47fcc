import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '#infra/bundle.ts';
import { runProgram } from '../programs.ts';
import { spreadOf, type Spread } from '../spread.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import type { Going } from '../turns.ts';
import type { SealRound } from './meter.ts';

/** What sealing and opening a webauth state takes of the processor, in microseconds. */
export interface SealFigures {
  seal: Spread;
  unseal: Spread;
  both: Spread;
}

const meter = fileURLToPath(new URL('meter.ts', import.meta.url));

/** Seals and opens states with the module that the functions have, bundled as they are. */
export async function measureSeal(
  folder: string,
  { variablesOf }: Surroundings,
  { rounds, callsPerRound }: { rounds: number; callsPerRound: number },
  { tell, signal }: Going,
): Promise<SealFigures> {
  tell('sealing');
  const [made] = await bundle(join(folder, 'seal'), { 'webauth-state': 'lib/webauth/state.ts' });
  const args = [meter, made?.file ?? '', String(rounds), String(callsPerRound)];
  // The meter prints them.
  const metered = (await runProgram({ args, variables: variablesOf('webauth-get'), signal })) as SealRound[];
  return {
    seal: spreadOf(metered.map(({ seal }) => seal)),
    unseal: spreadOf(metered.map(({ unseal }) => unseal)),
    both: spreadOf(metered.map(({ seal, unseal }) => seal + unseal)),
  };
}
