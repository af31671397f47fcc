import type { RotationRules } from './rules.ts';

/** How a secret is rotated, and how far that is. Times are epoch milliseconds. */
export interface Rotation {
  functionArn: string;
  enabled: boolean;
  rules?: RotationRules;
  /** What the interval to the next rotation counts from: the configuration, or the last rotation's end, whatever came of it. */
  countsFrom: number;
  lastRotatedAt?: number;
  /** Kept on disk, so that a rotation which a crash interrupts goes on after it. */
  underway?: Underway;
}

/** A rotation that has begun: the version that it makes, and whether it is a real one or the trial of a new configuration. */
export interface Underway {
  token: string;
  kind: 'rotation' | 'trial';
}
