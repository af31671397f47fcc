import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A state folder that other users could read or change; the message says what to do. */
export class UnsafeFolder extends Error {
  override readonly name = 'UnsafeFolder';
}

/**
 * Makes a state folder that its owner alone can use (0700), also if it exists with a looser mode, and makes what an older run left under `names`
 * private (0700 and 0600). Whatever else the folder holds stays as it is. From now on, every file that this process creates is private. Throws
 * UnsafeFolder.
 */
export async function openStateFolder(folder: string, names: readonly string[]): Promise<void> {
  // LevelDB creates its files with the mode that this leaves.
  process.umask(0o077);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  requireOwn(folder, uid);
  if ((mode & 0o1000) !== 0) throw new UnsafeFolder(`${folder} is a folder that users share. ${remedy}`);
  await chmod(folder, 0o700);
  if (((await stat(folder)).mode & 0o077) !== 0 && process.getuid !== undefined)
    throw new UnsafeFolder(`The file system of ${folder} does not keep other users out. ${remedy}`);
  const own = new Set(names.flatMap((name) => [name, temporary(name)]));
  for (const name of await readdir(folder)) if (own.has(name)) await tighten(join(folder, name));
}

/** Writes a JSON file that is there whole or not at all, readable by its owner alone. */
export async function writeWhole(file: string, value: unknown): Promise<void> {
  // One that a crash left behind would keep its mode.
  await rm(temporary(file), { force: true });
  await writeFile(temporary(file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary(file), file);
}

/** What a JSON file of `writeWhole` holds; one that is missing is made and kept. The caller knows its shape. */
export async function readOrWrite<T>(file: string, make: () => T): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if (!isMissing(error)) throw error;
    const made = make();
    await writeWhole(file, made);
    return made;
  }
}

const remedy = 'Choose another one with --data DIR.';

const temporary = (file: string): string => `${file}.new`;

/** A database that another process has open removes files on its own. */
async function tighten(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    requireOwn(path, found.uid);
    // The mode of a link is that of what it leads to.
    if (found.isSymbolicLink()) return;
    await chmod(path, found.isDirectory() ? 0o700 : 0o600);
    if (found.isDirectory()) for (const name of await readdir(path)) await tighten(join(path, name));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Windows has no user ids. */
function requireOwn(path: string, uid: number): void {
  if (process.getuid !== undefined && process.getuid() !== uid)
    throw new UnsafeFolder(`${path} belongs to another user, who could read the state in it. ${remedy}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
