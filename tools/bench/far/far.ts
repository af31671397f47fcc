import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '#infra/bundle.ts';
import { basePath } from '#lib/operations/table.ts';
import { prepareFunctions, preparePeers } from '../cold/prepare.ts';
import { startStarter } from '../cold/start.ts';
import { coldPeers } from '../names.ts';
import { spreadOf, type Spread } from '../spread.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';
import type { Place, Told } from './network.ts';

/** What a first call takes when others are far away, in milliseconds. */
export interface FarFigures {
  name: string;
  time: Spread;
}

/** How far away others seem: the time there and back, in milliseconds. */
export const roundTrips = { upstream: 10, aws: 2 } as const;

/** Starts every function and every peer by turns, as for a cold start, with everything that they call behind TLS and some way off. */
export async function measureFar(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  rounds: number,
  going: Going,
): Promise<FarFigures[]> {
  const { aws, upstream } = surroundings;
  const { origins, certificate } = await startNetwork(
    [
      { origin: upstream, roundTrip: roundTrips.upstream },
      { origin: aws, roundTrip: roundTrips.aws },
      { origin: aws, roundTrip: roundTrips.aws },
    ],
    going.signal,
  );
  const [budgea = '', secretsManager = '', dynamodb = ''] = origins;
  const trusted = join(folder, 'network.pem');
  await writeFile(trusted, certificate);
  const elsewhere = {
    NODE_EXTRA_CA_CERTS: trusted,
    BUDGEA_URL: budgea + basePath,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  };
  const functions = await prepareFunctions(folder, bundles, surroundings);
  // The floor speaks no TLS.
  const { floor: _, ...others } = coldPeers;
  const peers = await preparePeers(folder, surroundings, Object.keys(others));
  const subjects = [...functions, ...peers];
  for (const subject of subjects) subject.variables = { ...subject.variables, ...elsewhere };
  const start = startStarter(going.signal);
  const starts = await byTurns('first calls from far away', subjects, rounds, going, start);
  return subjects.map((subject) => ({
    name: subject.name,
    time: spreadOf((starts.get(subject) ?? []).map(({ time }) => time)),
  }));
}

async function startNetwork(places: readonly Place[], signal: AbortSignal): Promise<Told> {
  const child = fork(fileURLToPath(new URL('network.ts', import.meta.url)), [JSON.stringify(places)], { signal });
  // Its end by `signal` is no error.
  child.on('error', () => undefined);
  const [told] = (await once(child, 'message', { signal })) as [Told]; // It sends nothing else.
  return told;
}
