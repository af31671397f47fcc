import type { JobId } from '#lib/operations/jobs.ts';

/** A field of a secret; a hidden one is not shown while it is typed. */
export interface Field {
  name: string;
  hidden: boolean;
}

/** A secret that operators set. */
export interface Settable {
  fields: readonly Field[];
  /** What standard input may contain, for messages. */
  example: string;
  /** The field whose value standard input may contain without JSON. */
  bare?: string;
  /** The schema in `lib/secrets.ts`, which is loaded late because it creates an AWS client. */
  schema: 'clientCredentials' | 'adminToken';
  /** The function in `verify.ts`, which is loaded late as well. */
  verify: 'verifyClientCredentials' | 'verifyAdminToken';
  /** The name in a sentence. */
  noun: string;
  /** The path and the body of the sandbox control that changes the accepted value. */
  control: string;
  /** When a new value takes effect. */
  effect: string;
}

/** The secrets that operators set; the gateway creates all others. */
export const settables = {
  'client-credentials': {
    fields: [
      { name: 'client_id', hidden: false },
      { name: 'client_secret', hidden: true },
    ],
    example: '{"client_id": …, "client_secret": …}',
    schema: 'clientCredentials',
    verify: 'verifyClientCredentials',
    noun: 'client credentials',
    control: 'client -d client_secret=NEW',
    effect: 'Functions sign with it within six minutes, or as soon as Budgea rejects the old value.',
  },
  'admin-token': {
    fields: [{ name: 'token', hidden: true }],
    example: '{"token": …}, or the bare token',
    bare: 'token',
    schema: 'adminToken',
    verify: 'verifyAdminToken',
    noun: 'admin token',
    control: 'admin-token -d token=NEW',
    effect: 'POST /admin/jwt signs with it within six minutes, or as soon as Budgea rejects the old value.',
  },
} as const satisfies Record<string, Settable>;

/** The name of a secret that operators set. */
export type SettableName = keyof typeof settables;

/** Whether operators set the secret. */
export function isSettable(name: string): name is SettableName {
  return Object.hasOwn(settables, name);
}

/** The secrets that rotate automatically, each with the job that rotates it. */
export const rotatables = {
  'manage-token': 'rotate_manage_token',
  'sealing-keys': 'rotate_sealing_key',
} as const satisfies Record<string, JobId>;

/** The name of a secret that rotates automatically. */
export type RotatableName = keyof typeof rotatables;

/** Whether the secret rotates automatically. */
export function isRotatable(name: string): name is RotatableName {
  return Object.hasOwn(rotatables, name);
}
