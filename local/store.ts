import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';

/** A named collection of JSON values, read from memory and written through to disk. */
export interface Table<T> {
  get(key: string): T | undefined;
  values(): T[];
  /** Resolves when a crash of this process no longer loses the value. */
  set(key: string, value: T): Promise<void>;
  /** Resolves when a crash of this process no longer restores the value. */
  delete(key: string): Promise<void>;
  deleteWhere(matches: (value: T) => boolean): Promise<void>;
}

/** The tables of one local server, in a LevelDB folder or only in memory. */
export interface Store {
  table<T>(name: string): Table<T>;
  close(): Promise<void>;
}

/** Opens the store in `folder`, which is created if missing. Throws when another process has it open. */
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
      // Only `set` below writes the rows of this table, and it takes a T.
      const table = rows(name) as Map<string, T>;
      const remove = async (key: string) => {
        table.delete(key);
        await disk?.del(`${name}/${key}`);
      };
      return {
        get: (key) => table.get(key),
        values: () => [...table.values()],
        async set(key, value) {
          table.set(key, value);
          await disk?.put(`${name}/${key}`, value);
        },
        delete: remove,
        async deleteWhere(matches) {
          const matching = [...table].filter(([, value]) => matches(value));
          await Promise.all(matching.map(([key]) => remove(key)));
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

/** Deletes the rows of a table that are not live, and returns a table that shows only live rows. */
export async function liveRows<T>(table: Table<T>, isLive: (value: T) => boolean): Promise<Table<T>> {
  await table.deleteWhere((value) => !isLive(value));
  return {
    ...table,
    get(key) {
      const value = table.get(key);
      return value !== undefined && isLive(value) ? value : undefined;
    },
    values: () => table.values().filter(isLive),
  };
}
