import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Writes a value as JSON to a path in the repository, and says so. */
export async function write(path: string, value: unknown): Promise<void> {
  await writeFile(join(root, path), `${JSON.stringify(value, null, 2)}\n`);
  process.stdout.write(`${path} is written.\n`);
}
