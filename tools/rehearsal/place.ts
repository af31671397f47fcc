import { join } from 'node:path';

/** Where the rehearsal keeps everything; git ignores it. */
export const folder = join(import.meta.dirname, '../..', '.local', 'rehearsal');

/** The emulator's own files, and its log with all that functions wrote. */
export const emulatorFolder = join(folder, 'emulator');
export const logFile = join(emulatorFolder, 'log.txt');

/** The account and the region of environments that do not name theirs. */
export const nowhere = { account: '000000000000', region: 'eu-west-3' };
