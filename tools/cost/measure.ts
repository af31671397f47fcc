import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import type { Handler } from '#lib/http/serve.ts';
import { functionName, type OperationId } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/invoke.ts';
import { freePort } from '#local/loopback.ts';
import type { StackFile } from '#local/stack-file.ts';
import { eventOf, send } from '../calls.ts';
import { exampleContext, operationIds, typicalCall, type ExampleContext } from '../openapi/examples.ts';
import type { CallUse } from './assumptions.ts';

// `npm run cost:measure` prints the use of a warm call of each operation, for `assumptions.ts`. The stack runs in its own process, so that this
// process spends its processor time only in the functions.

const rounds = { warm: 100, measured: 200 };

const data = await mkdtemp(join(tmpdir(), 'measure-'));
const stack = spawn(process.execPath, ['local/start.ts', '--data', data, '--port', String(await freePort())], {
  stdio: 'ignore',
});
const items = { reads: 0, writes: 0 };
const lines: string[] = [];
process.stderr.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
try {
  const file = await readStack();
  const { gateway, certificate_types: certificateTypes } = file;
  useLocal(file);
  useSettings({ budgea: file.sandbox ?? '', gateway, certificateTypes, rotationMinutes: 240 });
  await countItems();
  const context = exampleContext(
    { ...file, certificateType: certificateTypes[0] ?? '' },
    `${gateway}/webauth/callback`,
    (call) => send(gateway, call),
  );
  for (const id of operationIds) {
    const fields = Object.entries(await measure(id, context)).map(([name, value]) => `${name}: ${value}`);
    process.stdout.write(`  ${id}: { ${fields.join(', ')} },\n`);
  }
} finally {
  stack.kill();
  await once(stack, 'exit');
  await rm(data, { recursive: true });
}

function perCall(count: number): number {
  return Number((count / rounds.measured).toFixed(2));
}

async function measure(id: OperationId, context: ExampleContext): Promise<CallUse> {
  // Every function exports its handler.
  const { handler } = (await import(`#functions/${functionName(id)}.ts`)) as { handler: Handler };
  const invoke = async (): Promise<number> => {
    const event = eventOf(await typicalCall(id, context));
    const before = process.cpuUsage();
    const { statusCode = 500 } = await handler(event, newContext(functionName(id), 29_000));
    const { user, system } = process.cpuUsage(before);
    if (statusCode >= 400) throw new Error(`${id} returned ${statusCode}`);
    return user + system;
  };
  for (let round = 0; round < rounds.warm; round += 1) await invoke();
  lines.length = 0;
  const before = { ...items };
  let processor = 0;
  for (let round = 0; round < rounds.measured; round += 1) processor += await invoke();
  const attempts = lines.map((line) => Number(/"upstream_attempts":(\d+)/.exec(line)?.[1] ?? 0));
  return {
    processorMs: perCall(processor / 1000),
    logBytes: Math.round(Buffer.byteLength(lines.join('')) / lines.length),
    reads: perCall(items.reads - before.reads),
    writes: perCall(items.writes - before.writes),
    upstream: perCall(attempts.reduce((sum, count) => sum + count, 0)),
  };
}

/** Counts the calls to the table. The modules read the environment when they are loaded. */
async function countItems(): Promise<void> {
  const { callDynamoDb } = await import('#lib/aws/table.ts');
  const { useItemClient } = await import('#lib/aws/table.ts');
  useItemClient((operation, input) => {
    items[operation === 'GetItem' ? 'reads' : 'writes'] += 1;
    return callDynamoDb(operation, input);
  });
}

async function readStack(): Promise<StackFile> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await readFile(join(data, 'stack.json'), 'utf8').catch(() => undefined);
    // Only the stack writes this file.
    if (text !== undefined) return JSON.parse(text) as StackFile;
    await sleep(100);
  }
  throw new Error('the local stack does not start');
}
