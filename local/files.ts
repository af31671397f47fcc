import { rename, writeFile } from 'node:fs/promises';

/** Writes a JSON file that is there whole or not at all, readable by its owner alone. */
export async function writeWhole(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
