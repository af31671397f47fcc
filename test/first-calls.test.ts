import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installClient } from './budgea/installed.ts';
import { startGateway, type Gateway } from './gateway.ts';

// docs/first-calls.md, as it is written: what a reader copies has to work.

const run = promisify(execFile);
const text = await readFile(new URL('../docs/first-calls.md', import.meta.url), 'utf8');
const parts = [...text.matchAll(/^(?:## (.+?)\n.*?)?^```(\w+)\n(.*?)^```$/gms)];
const [settings, ...snippets] = parts.map(([, title = '', language = '', code = '']) => ({ title, language, code }));

/** What runs a snippet, and what it needs: how to get it, by a command that works once it is there. */
const runtimes: Record<string, { command: string; needs: Record<string, string> }> = {
  curl: { command: 'bash', needs: { 'curl --version': 'apt-get install curl', 'jq --version': 'apt-get install jq' } },
  TypeScript: { command: process.execPath, needs: {} },
  Python: { command: 'python3', needs: { 'python3 --version': 'apt-get install python3' } },
  Ruby: { command: 'ruby', needs: { 'ruby --version': 'apt-get install ruby' } },
  PHP: { command: 'php', needs: { 'php --version': 'apt-get install php-cli' } },
  'Python with py-powens': {
    command: 'python3',
    needs: { 'python3 -m powens.exceptions': 'Python 3.13 and pip install py-powens==0.1.1' },
  },
};

let folder: string;
let gateway: Gateway;
let env: { PATH: string } & Record<string, string>;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'first-calls-')));
  gateway = await startGateway();
  await installClient(folder);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await mkdir(join(folder, '.local'));
  await writeFile(join(folder, '.local/stack.json'), JSON.stringify(gateway.file));
  const { gateway: BASE_URL, partner } = gateway.file;
  const { PATH = '' } = process.env;
  env = { PATH, BASE_URL, CLIENT_ID: partner.client_id, PARTNER_KEY: partner.client_secret };
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

/** How to get what is not there. */
async function lacking(needs: Record<string, string>): Promise<string[]> {
  const asked = Object.entries(needs).map(([line, remedy]) => {
    const [command = '', ...options] = line.split(' ');
    return run(command, options).then(
      () => [],
      () => [remedy],
    );
  });
  return (await Promise.all(asked)).flat();
}

test('every snippet can be run', () => {
  expect(snippets.map(({ title }) => title)).toEqual(Object.keys(runtimes));
});

test('the settings are those of the local stack', async ({ skip }) => {
  const missing = await lacking({ 'jq --version': 'apt-get install jq' });
  if (missing.length > 0) skip(missing.join(', '));
  const { PATH, ...own } = env;
  const { stdout } = await run('bash', ['-c', `${settings?.code}\nenv`], { cwd: folder, env: { PATH } });
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(Object.entries(own).map((each) => each.join('='))));
});

test.for(snippets)('$title', async ({ title, language, code }, { skip }) => {
  const { command, needs } = runtimes[title] ?? { command: title, needs: {} };
  const missing = await lacking(needs);
  if (missing.length > 0) skip(missing.join(', '));
  const file = join(folder, `first-calls.${language}`);
  await writeFile(file, code);
  await gateway.upstreamCalls();

  const { stdout, stderr } = await run(command, [file], { cwd: folder, env });
  const [, id] = /^User (\d+) has a code of \d\d+ characters\nUser \1 was created at [\d :-]{19}\n$/.exec(stdout) ?? [];
  expect({ stdout, stderr, id }).toEqual({ stdout, stderr: '', id: expect.any(String) as string });
  expect(await gateway.upstreamCalls()).toEqual(['POST /auth/init', 'GET /auth/token/code', `GET /users/${id}`]);

  const refused = run(command, [file], { cwd: folder, env: { ...env, PARTNER_KEY: 'not-the-key' } });
  await expect(refused).rejects.toThrow('Command failed');
  expect(await gateway.upstreamCalls()).toEqual([]);
});
