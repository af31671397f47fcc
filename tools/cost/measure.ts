import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import { type OperationId, operations } from '#lib/operations/table.ts';
import type { StackFile } from '#local/stack-file.ts';
import { type Call, type Example, examples } from './measure/examples.ts';

// `npm run cost:measure` prints what `measured.ts` says: what a warm call of each operation takes of the processor, of the table and of the log. The
// stack is a process of its own, so that this one's processor time is the functions' alone.

const rounds = { warm: 100, measured: 200 };

const data = await mkdtemp(join(tmpdir(), 'measure-'));
const stack = spawn(process.execPath, ['local/start.ts', '--data', data, '--port', String(await freePorts())], {
  stdio: 'ignore',
});
try {
  const file = await readStack();
  useLocal(file);
  useSettings({
    budgea: file.sandbox ?? '',
    gateway: file.gateway,
    certificateTypes: file.certificate_types,
    rotationMinutes: 240,
  });
  const { invoke, countItems, caught } = await import('./measure/invoke.ts');
  for (const [id, example] of Object.entries(examples(file)) as [OperationId, Example][]) {
    for (let round = 0; round < rounds.warm; round += 1) await invoke(id, await prepared(example));
    caught.splice(0);
    const before = countItems();
    let processor = 0;
    for (let round = 0; round < rounds.measured; round += 1) {
      const call = await prepared(example);
      const startedAt = process.cpuUsage();
      await invoke(id, call);
      const { user, system } = process.cpuUsage(startedAt);
      processor += user + system;
    }
    const lines = caught.splice(0);
    const items = countItems();
    const each = (count: number) => Number((count / rounds.measured).toFixed(2));
    print(id, {
      processorMs: each(processor / 1000),
      logBytes: Math.round(Buffer.byteLength(lines.join('')) / lines.length),
      reads: each(items.reads - before.reads),
      writes: each(items.writes - before.writes),
      upstream: each(lines.reduce((sum, line) => sum + Number(/"upstream_attempts":(\d+)/.exec(line)?.[1] ?? 0), 0)),
    });
  }
} finally {
  stack.kill();
  await once(stack, 'exit');
  await rm(data, { recursive: true });
}

/** A call may need something of its own to work on, a user to delete for example. */
async function prepared(example: Example): Promise<Call> {
  return typeof example === 'function' ? example() : example;
}

function print(id: OperationId, measured: Readonly<Record<string, number>>): void {
  const fields = Object.entries(measured).map(([name, value]) => `${name}: ${value}`);
  process.stdout.write(`  ${id}: { ${fields.join(', ')} },\n`);
}

/** A port whose three followers are probably free too. */
async function freePorts(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  server.close();
  return port;
}

async function readStack(): Promise<StackFile> {
  for (let look = 0; look < 100; look += 1) {
    const text = await readFile(join(data, 'stack.json'), 'utf8').catch(() => undefined);
    // Nothing but the stack writes this file.
    if (text !== undefined) return JSON.parse(text) as StackFile;
    await sleep(100);
  }
  throw new Error(`the stack does not start; of ${Object.keys(operations).length} operations none was measured`);
}
