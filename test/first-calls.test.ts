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
const fences = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({
  language,
  code,
}));
const [settings, ...snippets] = fences;

/** What runs a snippet, and the Debian packages of all that it needs, each named by a command. */
const runtimes: Record<string, { command: string; needs: Record<string, string> }> = {
  sh: { command: 'bash', needs: { curl: 'curl', jq: 'jq' } },
  ts: { command: process.execPath, needs: {} },
  python: { command: 'python3', needs: { python3: 'python3' } },
  ruby: { command: 'ruby', needs: { ruby: 'ruby' } },
  php: { command: 'php', needs: { php: 'php-cli' } },
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

/** The packages that a snippet's runtime lacks here. */
async function lacking(needs: Record<string, string>): Promise<string[]> {
  const asked = Object.entries(needs).map(([command, name]) =>
    run(command, ['--version']).then(
      () => [],
      () => [name],
    ),
  );
  return (await Promise.all(asked)).flat();
}

test('there are five languages', () => {
  expect(snippets.map(({ language }) => language)).toEqual(Object.keys(runtimes));
});

test('the settings are those of the local stack', async ({ skip }) => {
  if ((await lacking({ jq: 'jq' })).length > 0) skip('apt-get install jq');
  const { PATH, ...own } = env;
  const { stdout } = await run('bash', ['-c', `${settings?.code}\nenv`], { cwd: folder, env: { PATH } });
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(Object.entries(own).map((each) => each.join('='))));
});

test.for(snippets)('the calls in $language', { timeout: 30_000 }, async ({ language, code }, { skip }) => {
  const { command, needs } = runtimes[language] ?? { command: language, needs: {} };
  const missing = await lacking(needs);
  if (missing.length > 0) skip(`apt-get install ${missing.join(' ')}`);
  const file = join(folder, `first-calls.${language}`);
  await writeFile(file, code);
  await gateway.upstreamCalls();

  const { stdout, stderr } = await run(command, [file], { cwd: folder, env });
  const [, id] = /^User (\d+) has a code of \d\d+ characters\nUser \1 is there since [\d :-]{19}\n$/.exec(stdout) ?? [];
  expect({ stdout, stderr, id }).toEqual({ stdout, stderr: '', id: expect.any(String) as string });
  expect(await gateway.upstreamCalls()).toEqual(['POST /auth/init', 'GET /auth/token/code', `GET /users/${id}`]);

  const refused = run(command, [file], { cwd: folder, env: { ...env, PARTNER_KEY: 'not-the-key' } });
  await expect(refused).rejects.toThrow('Command failed');
  expect(await gateway.upstreamCalls()).toEqual([]);
});
