declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    /** The LevelDB folder; in memory when absent. */
    path?: string;
    createTableMs?: number;
    updateTableMs?: number;
    deleteTableMs?: number;
  }

  /** Makes a DynamoDB server that does not listen yet; closing it closes its database too. */
  export default function dynalite(options?: Options): Server;
}
