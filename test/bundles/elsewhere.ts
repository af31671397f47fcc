import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Builds every bundle from the same source in another folder; gives the hash of every file. */
export async function buildElsewhere(): Promise<Record<string, string>> {
  const checkout = await mkdtemp(join(tmpdir(), 'elsewhere-'));
  try {
    for (const part of ['functions', 'infra', 'lib', 'package.json', 'tsconfig.json']) {
      await cp(part, join(checkout, part), { recursive: true });
    }
    await symlink(resolve('node_modules'), join(checkout, 'node_modules'));
    await promisify(execFile)(process.execPath, [join(checkout, 'infra/bundle.ts')], { cwd: tmpdir() });
    return await hashes(join(checkout, 'dist'));
  } finally {
    await rm(checkout, { recursive: true });
  }
}

/** The hash of every file of a folder, by its path. */
export async function hashes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hashed = files.map(async (file) => {
    const hash = createHash('sha256').update(await readFile(file));
    return [file.slice(folder.length + 1), hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}
