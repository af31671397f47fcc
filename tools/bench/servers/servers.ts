import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, type Bundle } from '#infra/bundle.ts';
import { basePath, operations } from '#lib/operations/table.ts';
import type { ServerName } from '../names.ts';
import { startServer, type ServerProgram } from '../programs.ts';
import { spreadOf, type Spread } from '../spread.ts';
import { eventOf } from '../surroundings/calls.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';
import { loadServer, type Loaded } from './load.ts';
import { nginxVersion, startNginx } from './nginx.ts';

/** What a server came to; memory and processor NaN where the system does not say. */
interface ServerFigures {
  name: ServerName;
  /** Good answers a second. */
  rate: Spread;
  /** Of express + axios in the same round. */
  ratio: Spread;
  /** For each answer, in microseconds. */
  processor: Spread;
  /** The mean, in milliseconds. */
  latency: Spread;
  p99: Spread;
  peakBytes: number;
}

/** What the servers came to. */
export interface ServersResult {
  connections: number;
  figures: ServerFigures[];
  /** Whether nginx is installed. */
  nginx: boolean;
}

const connections = 50;
const peers = ['undici', 'hono', 'fastify', 'express'] as const;

/** Starts every server, loads one after the other by turns and compares their rates: each checks a key, signs, and forwards. */
export async function measureServers(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  { rounds, seconds }: { rounds: number; seconds: number },
  going: Going,
): Promise<ServersResult> {
  const { signal, tell } = going;
  const call = surroundings.peerCall;
  const servers = new Map<ServerName, ServerProgram>();
  try {
    servers.set('gateway', await startGatewayServer(await bundleFront(folder), bundles, surroundings, signal));
    for (const name of peers) servers.set(name, await startPeer(name, surroundings, signal));
    const nginx = (await nginxVersion()) !== undefined;
    if (nginx) servers.set('nginx', await startNginx(folder, nginxJob(surroundings), signal));
    const subjects = [...servers.values()];
    tell('servers: warming up');
    // The compiler is done with a server after some ten thousand calls.
    for (const server of subjects) await loadServer(server, { call, connections, seconds: 2 * seconds + 2 }, signal);
    const loaded = await byTurns('servers', subjects, rounds, going, (server) =>
      loadServer(server, { call, connections, seconds }, signal),
    );
    const of = (name: ServerName): readonly Loaded[] => {
      const server = servers.get(name);
      return (server && loaded.get(server)) ?? [];
    };
    return {
      connections,
      nginx,
      figures: [...servers.keys()].map((name) => ({
        name,
        rate: spreadOf(of(name).map(({ rate }) => rate)),
        ratio: spreadOf(of(name).map(({ rate }, round) => rate / (of('express')[round]?.rate ?? Number.NaN))),
        processor: spreadOf(of(name).map(({ processor }) => processor)),
        latency: spreadOf(of(name).map(({ latencyMs }) => latencyMs.mean)),
        p99: spreadOf(of(name).map(({ latencyMs }) => latencyMs.p99)),
        peakBytes: of(name).at(-1)?.peak ?? Number.NaN,
      })),
    };
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}

/** Bundles the server that stands before a function, which would otherwise hold a compiler for TypeScript too; gives its file. */
export async function bundleFront(folder: string): Promise<string> {
  const [front] = await bundle(join(folder, 'front'), { front: fileURLToPath(new URL('gateway.ts', import.meta.url)) });
  return front?.file ?? '';
}

/** Starts the gateway's function for the peers' call as a server. */
export function startGatewayServer(
  front: string,
  bundles: readonly Bundle[],
  { peerCall: { operation, parameters }, variablesOf }: Surroundings,
  signal: AbortSignal,
): Promise<ServerProgram> {
  const name = 'users-id-user-get';
  const file = bundles.find((each) => each.name === name)?.file ?? '';
  const { method, path } = operations[operation];
  const args = [front, file, name, `${method} ${basePath}${path}`, JSON.stringify(parameters)];
  return startServer({ args, variables: variablesOf(name), signal });
}

function startPeer(
  name: string,
  { peerVariables: variables }: Surroundings,
  signal: AbortSignal,
): Promise<ServerProgram> {
  const file = join(import.meta.dirname, '../peers', name, 'server.mjs');
  return startServer({ args: [file], variables, signal });
}

function nginxJob({ peerCall, peerVariables, upstream }: Surroundings) {
  const known = eventOf(peerCall).headers['authorization'] ?? '';
  return { known, signed: `Bearer ${peerVariables['MANAGE_TOKEN']}`, upstream };
}
