import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployedIntervals } from '#local/intervals.ts';
import type { StackFile } from '#local/stack-file.ts';
import { startStack } from '#local/stack.ts';

/** A local stack in which something has happened. */
export interface Scene {
  file: StackFile;
  close(): Promise<void>;
}

/** Starts a stack on free ports and makes the calls that a picture shows: users, a refusal, and failures of Budgea. */
export async function setScene(): Promise<Scene> {
  const data = await mkdtemp(join(tmpdir(), 'pictures-'));
  const stack = await startStack({ port: 0, data });
  const { startSchedules } = await import('#local/schedules.ts');
  const schedules = await startSchedules(deployedIntervals, true);
  await play(stack.file);
  return {
    file: stack.file,
    async close() {
      await schedules.close();
      await stack.close();
      await rm(data, { recursive: true });
    },
  };
}

async function play({ gateway, sandbox, partner, manager }: StackFile): Promise<void> {
  const { client_id, client_secret } = partner;
  const call = async (method: string, path: string, authorization: string, fields?: Record<string, string>) => {
    const body = fields === undefined ? null : new URLSearchParams(fields);
    const headers: Record<string, string> = authorization === '' ? {} : { authorization };
    const answer = await fetch(gateway + path, { method, headers, body });
    return (await answer.json()) as Record<string, unknown>;
  };
  const users: string[] = [];
  for (let count = 0; count < 3; count++) {
    const { id_user } = await call('POST', '/auth/init', '', { client_id, client_secret });
    users.push(String(id_user));
  }
  for (const id of users) await call('GET', `/users/${id}`, client_secret);
  await call('GET', '/users/all', manager.client_secret);
  await call('GET', '/users/4242', client_secret);
  await call('POST', '/admin/jwt', client_secret, { scope: 'config' });
  await call('POST', '/admin/jwt', manager.client_secret, { scope: 'config', duration: '5' });
  await failing(String(sandbox), () => call('GET', `/users/${users[0]}`, client_secret));
  await call('POST', '/auth/jwt', '', { client_id, client_secret, id_user: String(users[1]) });
  await call('GET', '/certificate/qwac', client_secret);
}

/** Lets the sandbox fail while a call is made. */
async function failing(sandbox: string, during: () => Promise<unknown>): Promise<void> {
  const failures = new URL('/_sandbox/failures', sandbox);
  await fetch(failures, { method: 'POST', body: new URLSearchParams({ answer: 'maintenance', times: '5' }) });
  await during();
  await fetch(failures, { method: 'DELETE' });
}
