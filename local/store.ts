import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';

/** One named collection of JSON values: read from memory, written through to disk. */
export interface Table<T> {
  get(key: string): T | undefined;
  values(): T[];
  /** Resolves when a crash of this process can no longer lose the value. */
  set(key: string, value: T): Promise<void>;
  /** Resolves when a crash of this process can no longer bring the value back. */
  delete(key: string): Promise<void>;
}

/** The tables of one local server, kept in a LevelDB folder, or in memory alone when there is no folder. */
export interface Store {
  table<T>(name: string): Table<T>;
  close(): Promise<void>;
}

/** Opens the store in `folder`, made if it is missing. Throws when another process has it open. */
export async function openStore(folder?: string): Promise<Store> {
  const disk = folder === undefined ? undefined : await openDisk(folder);
  const tables = new Map<string, Map<string, unknown>>();
  const rows = (name: string) =>
    tables.get(name) ?? tables.set(name, new Map()).get(name) ?? new Map<string, unknown>();
  for (const [key, value] of (await disk?.iterator().all()) ?? []) {
    const slash = key.indexOf('/');
    rows(key.slice(0, slash)).set(key.slice(slash + 1), value);
  }

  return {
    table<T>(name: string): Table<T> {
      // The only writer of this table's rows is `set` below, which takes a T.
      const table = rows(name) as Map<string, T>;
      return {
        get: (key) => table.get(key),
        values: () => [...table.values()],
        async set(key, value) {
          table.set(key, value);
          await disk?.put(`${name}/${key}`, value);
        },
        async delete(key) {
          table.delete(key);
          await disk?.del(`${name}/${key}`);
        },
      };
    },
    close: async () => disk?.close(),
  };
}

async function openDisk(folder: string): Promise<ClassicLevel<string, unknown>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const disk = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json' });
  await disk.open();
  return disk;
}
