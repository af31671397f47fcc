import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { SealingKeys } from '#lib/webauth/state.ts';

/** Returns a sealing key derived from its id. */
export function keyNamed(kid: string): SealingKeys['current'] {
  return { kid, key: Buffer.alloc(32, kid).toString('base64') };
}

/** Returns how many secrets this process reads from Secrets Manager while `during` runs. */
export async function countReads(during: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  const count = (message: unknown) => {
    // Node publishes a message for every request that one of its servers receives.
    const { request } = message as { request: IncomingMessage };
    if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') reads++;
  };
  subscribe('http.server.request.start', count);
  await during().finally(() => unsubscribe('http.server.request.start', count));
  return reads;
}
