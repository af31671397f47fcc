import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions, type Bundle } from '#infra/bundle.ts';
import { tieringBudget } from '#infra/bundle/packages.ts';
import { functionName, operations, type Operation } from '#lib/operations/table.ts';

// What a cold start costs, in what does not depend on the machine: whoever makes a function heavy by accident hears of it here.

let folder: string;
let bundles: readonly Bundle[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
  await writeFile(join(folder, 'load.mjs'), loader);
  bundles = await bundleFunctions(folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** Loads a module and prints which of Node's own modules came with it. */
const loader = `
const before = new Set(process.moduleLoadList);
await import(process.argv[2]);
const isOwn = (name) => /^NativeModule (?!internal|_)/.test(name) && !before.has(name);
const loaded = process.moduleLoadList.filter(isOwn).map((name) => name.replace('NativeModule ', ''));
process.stdout.write(JSON.stringify(loaded.toSorted()));
`;

async function builtInsOf({ file }: Bundle): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'load.mjs'), file], { env: {} });
  return JSON.parse(stdout) as string[];
}

function bundleOf(id: string): Bundle {
  const found = bundles.find(({ name }) => name === functionName(id));
  if (found === undefined) throw new Error(`there is no bundle of ${id}`);
  return found;
}

const usesAws = ({ needs }: Operation) => needs.secrets.length > 0 || Object.keys(needs.items).length > 0;
/** What the connection pool is made of. */
const pool = ['net', 'stream', 'stream/promises', 'string_decoder'];

const functions = Object.entries<Operation>(operations).map(([id, row]) => ({ id, aws: usesAws(row) }));

describe.each([
  { kind: 'forwards', ids: functions.filter(({ aws }) => !aws).map(({ id }) => id), kilobytes: 186 },
  { kind: 'signs or knows partners', ids: functions.filter(({ aws }) => aws).map(({ id }) => id), kilobytes: 204 },
])('a function that $kind', ({ ids, kilobytes }) => {
  test.each(ids)('%s is small', (id) => {
    expect(bundleOf(id).bytes).toBeLessThan(kilobytes * 1000);
  });

  test.each(ids)('%s loads nothing of Node’s at its start but what its connections are made of', async (id) => {
    expect(await builtInsOf(bundleOf(id))).toEqual(pool);
  });

  test.each(ids)('%s holds no client of the SDK', (id) => {
    const heavy =
      /@aws-sdk\/(client-|core)|@smithy\/node-http-handler|undici\/(index|lib\/(cache|mock|interceptor|handler))/;
    expect(bundleOf(id).modules.filter((module) => heavy.test(module))).toEqual([]);
  });
});

test('V8 supports the flag for the parser’s optimization, and its default is the one that bundles restore', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--v8-options']);
  expect(stdout).toContain(`default: ${tieringBudget.flag}=${tieringBudget.default}\n`);
});
