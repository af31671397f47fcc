import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, watch } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useLocal } from '#lib/config/process-env.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { StackFile } from '#local/stack-file.ts';
import { authorization, json } from './gateway.ts';

const start = new URL('../local/start.ts', import.meta.url).pathname;

let data: string;
let port: number;
let child: ChildProcess | undefined;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'crash-'));
  port = await fiveFreePorts();
});
afterEach(async () => {
  await kill();
  await rm(data, { recursive: true });
});

/** What was answered, and has to be true ever after. */
interface Answered {
  partners: DemoPartner[];
  users: { id: number; token: string; owner: DemoPartner }[];
  /** Users that were answered as deleted. */
  deleted: { id: number; owner: DemoPartner }[];
}

// It starts a stack four times, each of which takes seconds of a busy machine.
test(
  'a stack that is killed in the middle of its work has forgotten nothing that it answered',
  { timeout: 180_000 },
  async () => {
    await killWithinStart();
    const answered: Answered = { partners: [], users: [], deleted: [] };
    const first = await startStack();
    answered.partners.push(withoutUri(first.partner), first.manager);
    let written = 0;

    for (const enough of [20, 20]) {
      const { mtimeMs } = await stat(join(data, 'stack.json'));
      expect(mtimeMs).toBeGreaterThan(written);
      written = mtimeMs;
      await workUntilKilled(answered, enough);
      expect(await startStack()).toEqual(first);
      await expectNothingLost(answered);
    }
    expect(answered.users.length).toBeGreaterThanOrEqual(30);
    expect(answered.deleted.length).toBeGreaterThan(0);
    expect((await stat(join(data, 'stack.json'))).mtimeMs).toBeGreaterThan(written);
  },
);

/** Kills a stack that has begun to write its state, and has not said yet that it is there. A kill that comes too late is done again. */
async function killWithinStart(): Promise<void> {
  do {
    await rm(data, { recursive: true });
    await mkdir(data);
    const entries = watch(data);
    launch();
    for await (const { filename } of entries) if (filename === 'secrets-manager') break;
    await kill();
  } while (existsSync(join(data, 'stack.json')));
}

/** Calls of all kinds, many at a time; the process dies while they run, as soon as enough users were answered. */
async function workUntilKilled(answered: Answered, enough: number): Promise<void> {
  const { createPartner } = await import('#lib/partners/directory.ts');
  const goal = answered.users.length + enough;
  const working = Array.from({ length: 12 }, async (_, worker) => {
    for (let call = worker; isRunning(); call++) {
      const owner = answered.partners[call % answered.partners.length];
      if (owner === undefined) return;
      const { body } = await ask(
        'POST',
        '/auth/init',
        json({ client_id: owner.client_id, client_secret: owner.client_secret }),
      );
      const { id_user: id, auth_token: token } = body as { id_user: number; auth_token: string };
      if (call % 5 === 1) {
        await ask('DELETE', `/users/${id}`, authorization(owner.client_secret));
        answered.deleted.push({ id, owner });
      } else {
        answered.users.push({ id, token, owner });
      }
      if (call % 5 === 2) {
        const { record, key } = await createPartner({ name: 'Made before a crash', grants: ['jwt:permanent'] });
        answered.partners.push({ client_id: record.client_id, client_secret: key });
      }
      if (answered.users.length >= goal) child?.kill('SIGKILL');
    }
  });
  // Operations in progress when the process died fail, and no caller received a success.
  await Promise.allSettled(working);
  await kill();
}

async function expectNothingLost({ partners, users, deleted }: Answered): Promise<void> {
  const lost: string[] = [];
  const check = async (what: string, status: number, asked: Promise<{ status: number }>) => {
    const answer = await asked;
    if (answer.status !== status) lost.push(`${what}: ${answer.status}`);
  };
  // A few at a time: a burst would meet the stack's own limits on a busy machine.
  for (const partner of partners) {
    await check(`partner ${partner.client_id}`, 200, ask('POST', '/auth/jwt', json({ ...withoutUri(partner) })));
  }
  for (const { id, token, owner } of users) {
    const another = partners.find((partner) => partner !== owner)?.client_secret ?? '';
    await Promise.all([
      check(`user ${id} by its partner`, 200, ask('GET', `/users/${id}`, authorization(owner.client_secret))),
      check(`user ${id} by its token`, 200, ask('GET', '/users/me', authorization(token))),
      check(`user ${id} by another`, 404, ask('GET', `/users/${id}`, authorization(another))),
    ]);
  }
  for (const { id, owner } of deleted) {
    await check(`deleted user ${id}`, 404, ask('GET', `/users/${id}`, authorization(owner.client_secret)));
  }
  expect(lost).toEqual([]);
}

const withoutUri = ({ client_id, client_secret }: DemoPartner): DemoPartner => ({ client_id, client_secret });

/** Rejects when the connection breaks, and for a failure of the gateway that a dying process can be. */
async function ask(method: string, path: string, request: { headers: Record<string, string>; body?: string }) {
  const answer = await fetch(`http://127.0.0.1:${port}/2.0${path}`, { method, ...request });
  const body: unknown = answer.status === 204 ? undefined : await answer.json();
  if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status}`);
  return { status: answer.status, body };
}

function launch(): ChildProcess {
  child = spawn(process.execPath, [start, '--port', String(port), '--data', data], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return child;
}

/** Starts the stack; what `stack.json` says when it answers. */
async function startStack(): Promise<StackFile> {
  const started = launch();
  await Promise.race([
    once(started.stdout ?? started, 'data'),
    once(started, 'exit').then(([code]) => Promise.reject(new Error(`the stack ended with ${code}`))),
  ]);
  const file = JSON.parse(await readFile(join(data, 'stack.json'), 'utf8')) as StackFile;
  useLocal(file);
  return file;
}

async function kill(): Promise<void> {
  if (child === undefined || !isRunning()) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const isRunning = () => child?.signalCode === null && child.exitCode === null;

/** The first of five consecutive ports that were free a moment ago. */
async function fiveFreePorts(): Promise<number> {
  for (;;) {
    const first = randomInt(20_000, 32_000);
    const servers = [0, 1, 2, 3, 4].map((offset) => createServer().listen(first + offset, '127.0.0.1'));
    const listening = await Promise.allSettled(servers.map((server) => once(server, 'listening')));
    await Promise.all(servers.map(async (server) => server.listening && once(server.close(), 'close')));
    if (listening.every(({ status }) => status === 'fulfilled')) return first;
  }
}
