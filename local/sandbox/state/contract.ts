import type { Table } from '../../store.ts';

/** The credentials of one contract: what the sandbox verifies, and what a rotation replaces. */
export interface Contract {
  readonly clientId: number;
  isClient(id: string, secret: string): boolean;
  isAdminToken(token: string): boolean;
  rotateClientSecret(secret: string): Promise<void>;
  rotateAdminToken(token: string): Promise<void>;
}

interface Rotated {
  /** The value that the sandbox was started with when it was rotated. */
  from: string;
  to: string;
}

/** Opens the contract. A rotation outlives a restart, until the sandbox is started with another value than before it. */
export async function openContract(
  rotations: Table<Rotated>,
  configured: { client: { client_id: number; client_secret: string }; adminToken: string },
): Promise<Contract> {
  const { client_id, client_secret } = configured.client;
  const forgetOther = async (name: string, start: string) => {
    if (rotations.get(name)?.from !== start) await rotations.delete(name);
  };
  await forgetOther('client_secret', client_secret);
  await forgetOther('admin_token', configured.adminToken);
  const valid = (name: string, start: string) => rotations.get(name)?.to ?? start;
  return {
    clientId: client_id,
    isClient: (id, secret) => id === String(client_id) && secret === valid('client_secret', client_secret),
    isAdminToken: (token) => token === valid('admin_token', configured.adminToken),
    rotateClientSecret: (to) => rotations.set('client_secret', { from: client_secret, to }),
    rotateAdminToken: (to) => rotations.set('admin_token', { from: configured.adminToken, to }),
  };
}
