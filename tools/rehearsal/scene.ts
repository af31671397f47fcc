import type { Cloud } from './cloud.ts';
import type { Rehearsed } from './environment.ts';
import type { Identities } from './identities.ts';
import type { Programs } from './programs.ts';
import type { RotatingSecretsManager } from './rotation/server.ts';
import type { Transcript } from './transcript.ts';

/** What every phase works with. */
export interface Scene {
  environment: Rehearsed;
  /** Where the emulator answers. */
  emulator: string;
  cloud: Cloud;
  identities: Identities;
  programs: Programs;
  rotation: RotatingSecretsManager;
  /** Where the functions look for Budgea: a sandbox answers there once the secrets are set. */
  budgeaPort: number;
  transcript: Transcript;
  signal: AbortSignal;
  /** Stops something at the end, whatever comes of the rehearsal. */
  keep: <T extends Closing>(part: T) => T;
}

/** Something that has to be stopped. */
export interface Closing {
  close(): Promise<void>;
}
