import type { Table } from '../../store.ts';

/** The credentials of a contract. */
export interface ContractOptions {
  client: { client_id: number; client_secret: string };
  adminToken: string;
}

interface Rotated {
  /** The configured value at the time of the rotation. */
  from: string;
  to: string;
}

/** Opens the credentials of one contract. A rotation persists until the sandbox starts with another configured value. */
export async function openContract(
  rotations: Table<Rotated>,
  { client: { client_id, client_secret }, adminToken }: ContractOptions,
) {
  for (const [name, configured] of [['client_secret', client_secret] as const, ['admin_token', adminToken] as const]) {
    if (rotations.get(name)?.from !== configured) await rotations.delete(name);
  }
  return {
    clientId: client_id,
    isClient: (id: string, secret: string) =>
      id === String(client_id) && secret === (rotations.get('client_secret')?.to ?? client_secret),
    isAdminToken: (token: string) => token === (rotations.get('admin_token')?.to ?? adminToken),
    rotateClientSecret: (to: string) => rotations.set('client_secret', { from: client_secret, to }),
    rotateAdminToken: (to: string) => rotations.set('admin_token', { from: adminToken, to }),
  };
}
