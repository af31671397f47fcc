import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bundleFunctions, type Bundle } from '#infra/bundle.ts';
import { tieringBudget } from '#infra/bundle/packages.ts';
import { secretVariable } from '#lib/config/names.ts';
import { functionName, operations, type Operation } from '#lib/operations/table.ts';

// The costs of a cold start that do not depend on the machine: bundle sizes, loaded modules and connections.

const run = promisify(execFile);
let folder: string;
let bundles: readonly Bundle[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
  await writeFile(join(folder, 'load.mjs'), loader);
  bundles = await bundleFunctions(folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** Imports a module, prints the built-in modules that it loads, and exits at the end of standard input. */
const loader = `
const before = new Set(process.moduleLoadList);
await import(process.argv[2]);
const isNew = (name) => /^NativeModule (?!internal|_)/.test(name) && !before.has(name);
const loaded = process.moduleLoadList.filter(isNew).map((name) => name.replace('NativeModule ', ''));
process.stdout.write(JSON.stringify(loaded.toSorted()));
process.stdin.resume().once('end', () => process.exit());
`;

function bundleOf(id: string): Bundle {
  const bundle = bundles.find(({ name }) => name === functionName(id));
  if (bundle === undefined) throw new Error(`there is no bundle of ${id}`);
  return bundle;
}

const usesAws = ({ needs }: Operation) => needs.secrets.length > 0 || Object.keys(needs.items).length > 0;
/** The built-in modules that the connection pool uses. */
const pool = ['net', 'stream', 'stream/promises', 'string_decoder'];

const functions = Object.entries<Operation>(operations).map(([id, row]) => ({ id, aws: usesAws(row) }));

describe.each([
  { kind: 'forwards tokens', ids: functions.filter(({ aws }) => !aws).map(({ id }) => id), kilobytes: 186 },
  { kind: 'reads secrets or items', ids: functions.filter(({ aws }) => aws).map(({ id }) => id), kilobytes: 204 },
])('a function that $kind', ({ ids, kilobytes }) => {
  test.each(ids)('%s stays below the maximum size', (id) => {
    expect(bundleOf(id).bytes).toBeLessThan(kilobytes * 1000);
  });

  test.each(ids)('%s loads only the built-in modules of its connections', async (id) => {
    const child = run(process.execPath, [join(folder, 'load.mjs'), bundleOf(id).file], { env: {} });
    child.child.stdin?.end();
    expect(JSON.parse((await child).stdout)).toEqual(pool);
  });

  test.each(ids)('%s does not contain the SDK', (id) => {
    const heavy =
      /@aws-sdk\/(client-|core)|@smithy\/node-http-handler|undici\/(index|lib\/(cache|mock|interceptor|handler))/;
    expect(bundleOf(id).modules.filter((module) => heavy.test(module))).toEqual([]);
  });
});

test('V8 supports the flag of the parser’s budget and has the expected default', async () => {
  const { stdout } = await run(process.execPath, ['--v8-options']);
  expect(stdout).toContain(`default: ${tieringBudget.flag}=${tieringBudget.default}\n`);
});

/** A server that accepts connections and never responds. */
interface SilentServer {
  url: string;
  connections: number;
}

async function startSilentServer(): Promise<SilentServer> {
  const server = createServer((socket) => {
    silent.connections++;
    // The client may reset the connection.
    socket.on('error', () => undefined).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const silent = { url: `http://127.0.0.1:${port}`, connections: 0 };
  return silent;
}

test.each(Object.entries<Operation>(operations))(
  '%s opens its connections while it starts',
  async (id, { needs, path }) => {
    const servers = [await startSilentServer(), await startSilentServer(), await startSilentServer()] as const;
    const [budgea, secretsManager, dynamodb] = servers;
    const child = spawn(process.execPath, [join(folder, 'load.mjs'), bundleOf(id).file], {
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
    const opened = () => servers.map(({ connections }) => connections);
    const expected = [
      path === '/webauth/callback' ? 0 : 1,
      // Secrets are read in parallel, each over a separate connection.
      needs.secrets.length,
      Object.keys(needs.items).length > 0 ? 1 : 0,
    ];
    await expect.poll(opened).toEqual(expected);
    child.stdin.end();
    await once(child, 'exit');
    expect(opened()).toEqual(expected);
  },
);
