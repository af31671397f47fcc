import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bundleFunctions } from '#infra/bundle.ts';
import { secretVariable } from '#lib/config/names.ts';
import { functionName, operations, type Operation } from '#lib/operations/table.ts';

// What a function does when Lambda starts it, before it is called: a handshake takes longer than all that it does by itself.

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ahead-'));
  await writeFile(join(folder, 'start.mjs'), starter);
  await bundleFunctions(folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** Loads a module and ends with its standard input. */
const starter = `
await import(process.argv[2]);
process.stdin.resume().once('end', () => process.exit());
`;

/** A server that lets everybody in and says nothing. */
interface Place {
  url: string;
  connections: number;
}

async function startPlace(): Promise<Place> {
  const server = createServer((socket) => {
    place.connections++;
    // Whoever was let in may be ended.
    socket.on('error', () => undefined).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const place = { url: `http://127.0.0.1:${port}`, connections: 0 };
  return place;
}

test.each(Object.entries<Operation>(operations))('%s opens its connections', async (id, { needs, path }) => {
  const [budgea, secretsManager, dynamodb] = [await startPlace(), await startPlace(), await startPlace()];
  const child = spawn(process.execPath, [join(folder, 'start.mjs'), join(folder, functionName(id), 'index.mjs')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {
      AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1',
      AWS_REGION: 'eu-west-3',
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      BUDGEA_URL: `${budgea.url}/2.0`,
      ...Object.fromEntries(needs.secrets.map((name) => [secretVariable(name), name])),
    },
  });
  const opened = () => [budgea, secretsManager, dynamodb].map(({ connections }) => connections);
  const expected = [
    path === '/webauth/callback' ? 0 : 1,
    // Each secret is read over a connection of its own.
    needs.secrets.length,
    Object.keys(needs.items).length > 0 ? 1 : 0,
  ];
  await expect.poll(opened).toEqual(expected);
  child.stdin.end();
  await once(child, 'exit');
  expect(opened()).toEqual(expected);
});
