import { join } from 'node:path';

/** The folder of all files of the rehearsal; git ignores it. */
export const folder = join(import.meta.dirname, '../..', '.local', 'rehearsal');

/** The emulator's files, and the log of the emulator and all functions. */
export const emulatorFolder = join(folder, 'emulator');
export const logFile = join(emulatorFolder, 'log.txt');

/** Something to close at the end. */
export interface Closeable {
  close(): Promise<void>;
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
