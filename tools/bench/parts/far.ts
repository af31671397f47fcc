import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { basePath } from '#lib/operations/table.ts';
import type { Part } from '../context.ts';
import { inTurns, spread, spreadOf, type Spread } from '../figures.ts';
import { coldPeers } from '../peers.ts';
import { forkProgram } from '../processes.ts';
import type { Network, Route } from '../processes/network.ts';
import { createStarter, prepareFunctions, preparePeers } from './cold.ts';

/** The time to the first response over a network, in milliseconds. */
interface FarFigures {
  name: string;
  time: Spread;
}

/** The simulated round-trip times, in milliseconds. */
export const roundTrips = { upstream: 10, aws: 2 } as const;

/** Starts every function and every peer as for a cold start, with TLS and a network delay before everything that they call. */
export const far: Part<FarFigures[]> = {
  title: `Cold over TLS, with a round trip of ${roundTrips.upstream} ms to Budgea and ${roundTrips.aws} ms to AWS`,
  async measure(context) {
    const { aws, upstream, folder, signal } = context;
    const routes: Route[] = [
      { origin: upstream, roundTrip: roundTrips.upstream },
      { origin: aws, roundTrip: roundTrips.aws },
      { origin: aws, roundTrip: roundTrips.aws },
    ];
    const child = forkProgram('network.ts', [JSON.stringify(routes)], signal);
    const [network] = (await once(child, 'message', { signal })) as [Network]; // Its only message.
    const [budgea = '', secretsManager = '', dynamodb = ''] = network.origins;
    const trusted = join(folder, 'network.pem');
    await writeFile(trusted, network.certificate);
    const distant = {
      NODE_EXTRA_CA_CERTS: trusted,
      BUDGEA_URL: budgea + basePath,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    };
    // The floor has no TLS.
    const peers = Object.keys(coldPeers).filter((name) => name !== 'floor');
    const subjects = [...(await prepareFunctions(context)), ...(await preparePeers(context, peers))];
    for (const subject of subjects) subject.variables = { ...subject.variables, ...distant };
    const rounds = context.quick ? 2 : 7;
    const starts = await inTurns('first calls over a network', subjects, rounds, context, createStarter(signal));
    return subjects.map((subject) => ({
      name: subject.name,
      time: spreadOf((starts.get(subject) ?? []).map(({ time }) => time)),
    }));
  },
  table: (figures) => [
    ['first call over a network', 'ms'],
    ...figures.map(({ name, time }) => [coldPeers[name] ?? name, spread(time, 0)]),
  ],
};
