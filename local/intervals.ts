/** How often things happen, in milliseconds; by default as in a deployed environment. */
export interface Intervals {
  /** The manage token's rotation. */
  rotate: number;
  /** The certificates' fetch. */
  fetch: number;
}

const minute = 60_000;
const hour = 60 * minute;

/** The intervals of a deployed environment. */
export const deployedIntervals: Intervals = { rotate: 4 * hour, fetch: 6 * hour };
