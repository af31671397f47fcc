import type * as schemas from '#lib/secrets/values.ts';
import type { Budgea } from './budgea.ts';
import type * as proofs from './proofs.ts';

/** One value of a secret, as a person is asked for it. */
export interface Field {
  name: string;
  label: string;
  hidden: boolean;
}

/** What is particular to a secret that operators set. */
export interface Settable {
  fields: readonly Field[];
  /** What standard input may hold, for whoever gets it wrong. */
  example: string;
  /** The field that standard input may be, all of it and without JSON around it. */
  bare?: string;
  /** Picks the secret's schema; the module that has it makes an AWS client, so that it is loaded late. */
  schema: (all: typeof schemas) => typeof schemas.clientCredentials | typeof schemas.adminToken;
  /** What it is called in a sentence. */
  noun: string;
  /** Picks the test at Budgea; loaded late as well. */
  proof: (all: typeof proofs) => (value: Record<string, string>, budgea: Budgea) => Promise<proofs.Verdict>;
  /** The sandbox's control that stands for Budgea's console, with what it takes. */
  console: string;
  /** What follows from a new value. */
  follows: string;
}

/** The secrets that operators set; everything else the gateway makes by itself. */
export const settables = {
  'client-credentials': {
    fields: [
      { name: 'client_id', label: 'client_id', hidden: false },
      { name: 'client_secret', label: 'client_secret', hidden: true },
    ],
    example: '{"client_id": …, "client_secret": …}',
    schema: ({ clientCredentials }) => clientCredentials,
    noun: 'client credentials',
    proof: ({ tryClientCredentials }) => tryClientCredentials,
    console: 'client -d client_secret=NEW',
    follows: 'Functions sign with it within six minutes, or as soon as Budgea rejects the old one.',
  },
  'admin-token': {
    fields: [{ name: 'token', label: 'admin manage token', hidden: true }],
    example: '{"token": …}, or the bare token',
    bare: 'token',
    schema: ({ adminToken }) => adminToken,
    noun: 'admin token',
    proof: ({ tryAdminToken }) => tryAdminToken,
    console: 'admin-token -d token=NEW',
    follows: 'POST /admin/jwt signs with it within six minutes, or as soon as Budgea rejects the old one.',
  },
} as const satisfies Record<string, Settable>;

/** The name of a secret that operators set. */
export type SettableName = keyof typeof settables;
