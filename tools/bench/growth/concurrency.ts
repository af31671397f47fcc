import type { Bundle } from '#infra/bundle.ts';
import { loadServer, type Loaded } from '../servers/load.ts';
import { bundleFront, startGatewayServer } from '../servers/servers.ts';
import { spreadOf, type Spread } from '../spread.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';

/** What so many calls at once come to in one process. */
export interface ConcurrencyFigures {
  calls: number;
  /** Good answers a second. */
  rate: Spread;
  /** The mean, in milliseconds. */
  latency: Spread;
  p99: Spread;
  /** The most memory, in bytes; NaN where the system does not say. */
  peakBytes: Spread;
}

/** How much of it. */
export interface ConcurrencyEffort {
  levels: readonly number[];
  rounds: number;
  seconds: number;
}

/** Loads the gateway's server with more and more calls at once, each time a fresh process. */
export async function measureConcurrency(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  { levels, rounds, seconds }: ConcurrencyEffort,
  going: Going,
): Promise<ConcurrencyFigures[]> {
  const front = await bundleFront(folder);
  const loaded = await byTurns('more calls at once', levels, rounds, going, loadFresh);
  return levels.map((calls) => {
    const of = (figure: (one: Loaded) => number) => spreadOf((loaded.get(calls) ?? []).map(figure));
    return {
      calls,
      rate: of(({ rate }) => rate),
      latency: of(({ latencyMs }) => latencyMs.mean),
      p99: of(({ latencyMs }) => latencyMs.p99),
      peakBytes: of(({ peak }) => peak),
    };
  });

  async function loadFresh(connections: number): Promise<Loaded> {
    const server = await startGatewayServer(front, bundles, surroundings, going.signal);
    try {
      const load = { call: surroundings.peerCall, connections, seconds: 1 };
      await loadServer(server, load, going.signal);
      return await loadServer(server, { ...load, seconds }, going.signal);
    } finally {
      await server.stop();
    }
  }
}
