import type { Table } from '../../store.ts';

/** The sandbox's time: the machine's, moved forward by whatever the tests asked for, across restarts. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How many seconds before the machine's time. */
  ahead: () => number;
  advance(seconds: number): Promise<void>;
}

/** Opens the clock that keeps its offset in `settings`. */
export function openClock(settings: Table<unknown>): Clock {
  const offset = () => Number(settings.get('clock_offset') ?? 0);
  return {
    now: () => Date.now() + offset(),
    ahead: () => offset() / 1000,
    advance: (seconds) => settings.set('clock_offset', offset() + Math.round(seconds * 1000)),
  };
}

/** How Budgea writes an instant: `YYYY-MM-DD HH:MM:SS`, in UTC. */
export function written(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** How long codes, temporary users and default user tokens live, in seconds. */
export const HALF_AN_HOUR = 1800;
