import type { ConcurrencyEffort } from './growth/concurrency.ts';
import type { TableEffort } from './growth/table.ts';
import type { WarmEffort } from './warm/warm.ts';

/** How much is done of each part. */
export interface Effort {
  cold: { rounds: number };
  far: { rounds: number };
  warm: WarmEffort;
  servers: { rounds: number; seconds: number };
  concurrency: ConcurrencyEffort;
  table: TableEffort;
  seal: { rounds: number; callsPerRound: number };
}

/** What a report is made from: under ten minutes on two cores. */
export const thorough: Effort = {
  cold: { rounds: 19 },
  far: { rounds: 7 },
  warm: { sessions: 2, rounds: 6, callsPerRound: 1500 },
  servers: { rounds: 5, seconds: 3 },
  concurrency: { levels: [1, 5, 20, 50, 100, 200], rounds: 2, seconds: 2 },
  table: {
    sizes: [
      { partners: 10, users: 100 },
      { partners: 100_000, users: 1_000_000 },
    ],
    rounds: 5,
    laterCalls: 500,
  },
  seal: { rounds: 20, callsPerRound: 2000 },
};

/** A look at where things stand: under two minutes. */
export const quick: Effort = {
  cold: { rounds: 5 },
  far: { rounds: 2 },
  warm: { sessions: 1, rounds: 3, callsPerRound: 1000 },
  servers: { rounds: 1, seconds: 2 },
  concurrency: { levels: [1, 20, 200], rounds: 1, seconds: 2 },
  table: {
    sizes: [
      { partners: 10, users: 100 },
      { partners: 1_000, users: 10_000 },
    ],
    rounds: 2,
    laterCalls: 100,
  },
  seal: { rounds: 5, callsPerRound: 1000 },
};
