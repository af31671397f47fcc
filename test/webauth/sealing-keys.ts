import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { SealingKeys } from '../../lib/webauth-state.ts';

/** Makes a sealing key that a test can recognise. */
export function keyNamed(kid: string): SealingKeys['current'] {
  return { kid, key: Buffer.alloc(32, kid).toString('base64') };
}

/** Counts how often this process reads the sealing keys from Secrets Manager while `during` runs. */
export async function countReads(during: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  const count = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.getHeader('x-amz-target') === 'secretsmanager.GetSecretValue') reads++;
  };
  subscribe('http.client.request.start', count);
  await during().finally(() => unsubscribe('http.client.request.start', count));
  return reads;
}
