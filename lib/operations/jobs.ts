import type { Needs, SecretName } from './table.ts';

/** The resources and permissions of a scheduled function. */
export interface Job extends Omit<Needs, 'settings'> {
  /** The secret that it rotates. No other function writes that secret. */
  rotates?: SecretName;
  /** Secrets whose versions and ages it reads, without their values. */
  describes?: readonly SecretName[];
  settings: readonly ('MANAGE_SCOPE' | 'ROTATION_MINUTES' | 'CERTIFICATE_TYPES')[];
}

/** The table of scheduled functions. */
export const jobs = {
  rotate_manage_token: {
    rotates: 'manage-token',
    secrets: ['admin-token'],
    items: {},
    settings: ['MANAGE_SCOPE', 'ROTATION_MINUTES'],
  },
  rotate_sealing_key: { rotates: 'sealing-keys', secrets: [], items: {}, settings: [] },
  fetch_certificates: {
    secrets: ['manage-token'],
    items: { CERTIFICATE: ['get', 'put', 'update'] },
    settings: ['CERTIFICATE_TYPES'],
  },
  watch: {
    describes: ['client-credentials', 'admin-token', 'manage-token', 'sealing-keys'],
    secrets: ['manage-token'],
    items: { CERTIFICATE: ['get'] },
    settings: ['CERTIFICATE_TYPES'],
  },
} as const satisfies Record<string, Job>;

/** The name of a scheduled function. */
export type JobId = keyof typeof jobs;
