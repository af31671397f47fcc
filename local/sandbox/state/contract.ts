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
export function openContract(
  rotations: Table<Rotated>,
  configured: { client: { client_id: number; client_secret: string }; adminToken: string },
): Contract {
  const { client_id, client_secret } = configured.client;
  const valid = (name: string, start: string) => {
    const rotated = rotations.get(name);
    return rotated?.from === start ? rotated.to : start;
  };
  return {
    clientId: client_id,
    isClient: (id, secret) => id === String(client_id) && secret === valid('client_secret', client_secret),
    isAdminToken: (token) => token === valid('admin_token', configured.adminToken),
    rotateClientSecret: (to) => rotations.set('client_secret', { from: client_secret, to }),
    rotateAdminToken: (to) => rotations.set('admin_token', { from: configured.adminToken, to }),
  };
}
