import { join } from 'node:path';
import type { EnvironmentSettings } from '#infra/settings.ts';
import type { Cloud } from './cloud.ts';
import type { Programs } from './programs.ts';
import type { RehearsalSecretsManager } from './secrets-manager.ts';
import type { Transcript } from './transcript.ts';

/** The folder of all files of the rehearsal; git ignores it. */
export const folder = join(import.meta.dirname, '../..', '.local', 'rehearsal');

/** The emulator's files, and the log of the emulator and all functions. */
export const emulatorFolder = join(folder, 'emulator');
export const logFile = join(emulatorFolder, 'log.txt');

/** Something to close at the end. */
export interface Closeable {
  close(): Promise<void>;
}

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

/** The addresses of the emulated AWS, and its account and region. */
export interface Addresses {
  emulator: string;
  secretsManager: string;
  account: string;
  region: string;
}

/** Credentials whose permissions the emulator checks. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The owner of an account; the emulator reads the account's number from the access key. */
export const ownerOf = (account: string): Credentials => ({ accessKeyId: account, secretAccessKey: 'rehearsal' });
