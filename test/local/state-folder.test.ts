import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openStateFolder, UnsafeFolder, writeWhole } from '#local/files.ts';
import { freePort } from '#local/loopback.ts';
import { stateFiles, type StackFile } from '#local/stack-file.ts';

// What the local servers keep is their owner's alone, whatever the process's umask is and whatever an older run left.

let parent: string;
let data: string;
let umask: number;

beforeEach(async () => {
  umask = process.umask(0);
  parent = await mkdtemp(join(tmpdir(), 'state-folder-'));
  data = join(parent, 'state');
});
afterEach(async () => {
  process.umask(umask);
  vi.restoreAllMocks();
  await rm(parent, { recursive: true });
});

const modeOf = async (path: string) => ((await lstat(path)).mode & 0o7777).toString(8);

/** Everything in the folder and the folder itself, by what its mode lets others do. */
async function modes(): Promise<Record<string, string[]>> {
  const found = await readdir(data, { recursive: true, withFileTypes: true });
  const byMode: Record<string, string[]> = { [`folder ${await modeOf(data)}`]: ['.'] };
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    const kind = `${entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other'} ${await modeOf(path)}`;
    byMode[kind] = [...(byMode[kind] ?? []), relative(data, path)];
  }
  return byMode;
}

/** Starts a program that prints when it is ready, under a umask that keeps nothing from anybody; its modes when it runs. */
async function modesWhile(args: readonly string[]): Promise<Record<string, string[]>> {
  const child = spawn('/bin/sh', ['-c', 'umask 000; exec "$0" "$@"', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = text(child.stderr);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(async () => Promise.reject(new Error(await errors))),
  ]);
  const found = await modes();
  child.kill();
  await once(child, 'exit');
  return found;
}

const stackProgram = () => {
  const module = new URL('../../local/stack.ts', import.meta.url).href;
  return `const { startStack } = await import(${JSON.stringify(module)});
    await startStack({ port: 0, data: ${JSON.stringify(data)} });
    process.stdout.write('ready');`;
};
const runStack = () => modesWhile(['--input-type=module', '--eval', stackProgram()]);
const runSandbox = async () =>
  modesWhile(['local/sandbox/start.ts', '--data', data, '--port', String(await freePort())]);

/** Lets everybody read and write everything in the folder. */
async function loosen(): Promise<void> {
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o777 : 0o666);
  await chmod(data, 0o777);
}

describe.each([
  ['a stack', runStack, ['stack.json', 'aws-key.json', 'demo-partners.json', 'dynamodb/CURRENT', 'sandbox/LOCK']],
  ['a sandbox', runSandbox, ['credentials.json', 'state/CURRENT', 'state/LOCK']],
])('%s', (_what, run, files) => {
  test('keeps a new folder for its owner', async () => {
    const found = await run();
    expect(Object.keys(found).toSorted()).toEqual(['file 600', 'folder 700']);
    expect(found['file 600']).toEqual(expect.arrayContaining(files));
  });

  test('takes a folder that exists, and what an older run left there, from everybody else', async () => {
    await mkdir(data);
    await run();
    await loosen();
    await writeFile(join(data, 'notes.txt'), 'of another program', { mode: 0o644 });
    const found = await run();
    expect(Object.keys(found).toSorted()).toEqual(['file 600', 'file 644', 'folder 700']);
    expect(found['file 644']).toEqual(['notes.txt']);
  });
});

test('a stack has the same access key after a restart', async () => {
  const keys = [];
  for (let run = 0; run < 2; run++) {
    const running = spawn(process.execPath, ['--input-type=module', '--eval', stackProgram()]);
    onTestFinished(() => void running.kill());
    await once(running.stdout, 'data');
    keys.push((JSON.parse(await readFile(join(data, 'stack.json'), 'utf8')) as StackFile).aws);
    running.kill();
    await once(running, 'exit');
  }
  expect(keys[0]).toEqual({ accessKeyId: expect.any(String), secretAccessKey: expect.any(String) });
  expect(keys[1]).toEqual(keys[0]);
});

const uid = process.getuid?.() ?? 0;

describe('a state folder', () => {
  test('of another user is refused', async () => {
    await mkdir(data, { mode: 0o755 });
    vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    await expect(openStateFolder(data, stateFiles)).rejects.toThrow(UnsafeFolder);
    await expect(openStateFolder(data, stateFiles)).rejects.toThrow(/state belongs to another user.*--data DIR/);
    expect(await modeOf(data)).toBe('755');
  });

  test('with a database of another user is refused', async () => {
    await mkdir(join(data, 'dynamodb'), { recursive: true });
    vi.spyOn(process, 'getuid')
      .mockReturnValueOnce(uid)
      .mockReturnValue(uid + 1);
    await expect(openStateFolder(data, stateFiles)).rejects.toThrow(/dynamodb belongs to another user.*--data DIR/);
  });

  test('that users share is refused', async () => {
    await mkdir(data);
    await chmod(data, 0o1777);
    await expect(openStateFolder(data, stateFiles)).rejects.toThrow(/shared between users.*--data DIR/);
    expect(await modeOf(data)).toBe('1777');
  });

  test('does not change what a link in it leads to', async () => {
    await mkdir(data);
    await writeFile(join(parent, 'elsewhere'), '', { mode: 0o644 });
    await symlink(join(parent, 'elsewhere'), join(data, 'stack.json'));
    await openStateFolder(data, stateFiles);
    expect(await modeOf(join(parent, 'elsewhere'))).toBe('644');
  });

  test('gets files that replace what a crash left half written', async () => {
    await openStateFolder(data, stateFiles);
    await writeFile(join(data, 'stack.json.new'), 'half', { mode: 0o666 });
    await chmod(join(data, 'stack.json.new'), 0o666);
    await writeWhole(join(data, 'stack.json'), { whole: true });
    expect(await modes()).toEqual({ 'folder 700': ['.'], 'file 600': ['stack.json'] });
  });
});

test('npm start says in a sentence why it does not take a folder', async () => {
  await mkdir(data);
  await chmod(data, 0o1777);
  const child = spawn(process.execPath, ['local/start.ts', '--data', data, '--port', String(await freePort())]);
  onTestFinished(() => void child.kill());
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect([code, stderr]).toEqual([1, `${data} is shared between users. Choose another folder with --data DIR.\n`]);
});
