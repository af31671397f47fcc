import type { EnvironmentSettings } from '#infra/settings.ts';
import type { Closeable } from './account.ts';
import type { Cloud } from './cloud.ts';
import type { Programs } from './programs.ts';
import type { RehearsalSecretsManager } from './secrets-manager.ts';
import type { Transcript } from './transcript.ts';

/** The environment that is rehearsed, and the emulator that it is deployed to. */
export interface RehearsalContext extends Pick<Transcript, 'phase'> {
  name: string;
  settings: EnvironmentSettings;
  account: string;
  region: string;
  stacks: { foundation: string; gateway: string };
  /** The emulator's address. */
  emulator: string;
  cloud: Cloud;
  secretsManager: RehearsalSecretsManager;
  programs: Programs;
  /** The port at which the functions call Budgea: a sandbox listens there once the secrets are set. */
  budgeaPort: number;
  signal: AbortSignal;
  /** Closes a part when the rehearsal ends or fails. */
  closeAtEnd: <T extends Closeable>(part: T) => T;
}
