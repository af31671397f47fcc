import type { Part } from '../context.ts';
import { inTurns, megabytes, number, spread, spreadOf, type Spread } from '../figures.ts';
import { loadServer, startGatewayServer, type LoadResult } from './servers.ts';

/** One process with a number of concurrent calls. */
interface ConcurrencyFigures {
  calls: number;
  /** Successful responses a second. */
  rate: Spread;
  /** The mean, in milliseconds. */
  latency: Spread;
  p99: Spread;
  /** In bytes; NaN outside Linux. */
  peakBytes: Spread;
}

/** Loads the gateway's server with more and more concurrent calls, each time in a new process. */
export const concurrency: Part<ConcurrencyFigures[]> = {
  title: 'Concurrent calls in one process',
  async measure(context) {
    const { quick, peerCall: call, signal } = context;
    const levels = quick ? [1, 20, 200] : [1, 5, 20, 50, 100, 200];
    const results = await inTurns('concurrent calls', levels, quick ? 1 : 2, context, async (connections) => {
      const server = await startGatewayServer(context);
      try {
        await loadServer(server, { call, connections, seconds: 1 }, signal);
        return await loadServer(server, { call, connections, seconds: 2 }, signal);
      } finally {
        await server.stop();
      }
    });
    return levels.map((calls) => {
      const of = (figure: (result: LoadResult) => number) => spreadOf((results.get(calls) ?? []).map(figure));
      return {
        calls,
        rate: of(({ rate }) => rate),
        latency: of(({ latencyMs }) => latencyMs.mean),
        p99: of(({ latencyMs }) => latencyMs.p99),
        peakBytes: of(({ peak }) => peak),
      };
    });
  },
  table: (figures) => [
    ['concurrent calls', 'responses a second', 'ms, mean', 'ms, p99', 'peak MB'],
    ...figures.map(({ calls, rate, latency, p99, peakBytes }) => [
      number(calls),
      spread(rate, 0),
      number(latency.median, 1),
      number(p99.median),
      megabytes(peakBytes.median),
    ]),
  ],
};
