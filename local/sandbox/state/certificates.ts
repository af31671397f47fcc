import type { Table } from '../../store.ts';
import { formatTime, type Clock, type NextId } from './settings.ts';

/** A certificate as the API returns it, without its files. */
interface Certificate {
  id: number;
  id_public_key_file: number;
  id_private_key_file: number;
  type: string;
  created: string;
}

/** Opens the latest certificate of each type, and issues the missing ones. */
export async function openCertificates(
  table: Table<Certificate>,
  { types, clock, nextId }: { types: readonly string[]; clock: Clock; nextId: NextId },
) {
  async function issue(type: string): Promise<Certificate> {
    const certificate = {
      id: await nextId('certificate'),
      id_public_key_file: await nextId('file'),
      id_private_key_file: await nextId('file'),
      type,
      created: formatTime(clock.now()),
    };
    await table.set(type, certificate);
    return certificate;
  }

  for (const type of types) if (table.get(type) === undefined) await issue(type);
  return {
    latest: (type: string) => (types.includes(type) ? table.get(type) : undefined),
    /** Replaces the latest certificate. Returns undefined for an unknown type. */
    renew: async (type: string) => (types.includes(type) ? issue(type) : undefined),
  };
}
