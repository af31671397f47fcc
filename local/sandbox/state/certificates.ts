import type { Table } from '../../store.ts';
import { written, type Clock } from './clock.ts';
import type { openIds } from './ids.ts';

/** A certificate as the API shows it; the files themselves are not part of this API. */
export interface Certificate {
  id: number;
  id_public_key_file: number;
  id_private_key_file: number;
  type: string;
  created: string;
}

/** The latest certificate of each type. */
export interface Certificates {
  latest(type: string): Certificate | undefined;
  /** Puts a new certificate in the place of the type's latest; `undefined` when there is no such type. */
  renew(type: string): Promise<Certificate | undefined>;
}

/** Opens the certificates kept in `table` and issues one for each of `types` that has none yet. */
export async function openCertificates(
  table: Table<Certificate>,
  { types, clock, nextId }: { types: readonly string[]; clock: Clock; nextId: ReturnType<typeof openIds> },
): Promise<Certificates> {
  async function issue(type: string): Promise<Certificate> {
    const certificate = {
      id: await nextId('certificate'),
      id_public_key_file: await nextId('file'),
      id_private_key_file: await nextId('file'),
      type,
      created: written(clock.now()),
    };
    await table.set(type, certificate);
    return certificate;
  }

  for (const type of types) if (table.get(type) === undefined) await issue(type);
  return {
    latest: (type) => (types.includes(type) ? table.get(type) : undefined),
    renew: async (type) => (types.includes(type) ? issue(type) : undefined),
  };
}
