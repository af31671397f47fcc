import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A state folder that other users could read or change. */
export class UnsafeFolder extends Error {
  override readonly name = 'UnsafeFolder';
}

/**
 * Creates a state folder or restricts an existing one to its owner (0700), and restricts the files and folders `names` in it (0600, 0700).
 * Other files stay as they are. Every file that this process creates later is private too. Throws UnsafeFolder.
 */
export async function openStateFolder(folder: string, names: readonly string[]): Promise<void> {
  // LevelDB creates its files with the mode that this leaves.
  process.umask(0o077);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  requireOwner(folder, uid);
  if ((mode & 0o1000) !== 0) throw new UnsafeFolder(`${folder} is shared between users. ${remedy}`);
  await chmod(folder, 0o700);
  if (((await stat(folder)).mode & 0o077) !== 0 && process.getuid !== undefined)
    throw new UnsafeFolder(`The file system of ${folder} does not support private folders. ${remedy}`);
  const stateNames = new Set(names.flatMap((name) => [name, temporary(name)]));
  for (const name of await readdir(folder)) if (stateNames.has(name)) await restrict(join(folder, name));
}

/** Writes a private JSON file atomically. */
export async function writeWhole(file: string, value: unknown): Promise<void> {
  // The file of a crashed write would keep its mode.
  await rm(temporary(file), { force: true });
  await writeFile(temporary(file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary(file), file);
}

/** Returns the content of a JSON file; a missing one is created with `make`. The caller states its type. */
export async function readOrWrite<T>(file: string, make: () => T): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const value = make();
    await writeWhole(file, value);
    return value;
  }
}

/** Returns the system's or a package's code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

const remedy = 'Choose another folder with --data DIR.';

const temporary = (file: string): string => `${file}.new`;

/** Ignores a file that is deleted during the call, as an open database does. */
async function restrict(path: string): Promise<void> {
  try {
    const entry = await lstat(path);
    requireOwner(path, entry.uid);
    // The mode of a link is that of its target.
    if (entry.isSymbolicLink()) return;
    await chmod(path, entry.isDirectory() ? 0o700 : 0o600);
    if (entry.isDirectory()) for (const name of await readdir(path)) await restrict(join(path, name));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Windows has no user ids. */
function requireOwner(path: string, uid: number): void {
  if (process.getuid !== undefined && process.getuid() !== uid)
    throw new UnsafeFolder(`${path} belongs to another user, who could read its content. ${remedy}`);
}
