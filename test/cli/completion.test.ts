import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environments } from '#infra/environments.ts';
import { operations } from '#lib/operations/table.ts';
import { runHere } from './local-stack.ts';

// The scripts as the shells themselves run them.

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'completion-'));
  for (const shell of ['bash', 'zsh']) {
    const { stdout } = await runHere(['completion', shell]);
    await writeFile(join(home, `.gateway.${shell}`), stdout);
  }
  // A folder to complete, and a shell that says when it is ready and what its line is, on Ctrl-X.
  await writeFile(join(home, 'users.txt'), '');
  const show = `show() { print -r -- "<$BUFFER>"; zle .send-break }; zle -N show; bindkey '^X' show`;
  await writeFile(
    join(home, '.zshrc'),
    `PS1='%% '; autoload -Uz compinit; compinit -D -u; source ~/.gateway.zsh; ${show}; print READY\n`,
  );
});
afterAll(() => rm(home, { recursive: true }));

const env = () => ({ HOME: home, ZDOTDIR: home, PATH: '/usr/bin:/bin', TERM: 'dumb' });

async function bash(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('bash', ['--norc', '--noprofile', '-c', `source ~/.gateway.bash; ${script}`], {
    env: env(),
    cwd: home,
  });
  child.stdin.end();
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** What bash offers for the last word of a line. */
async function offered(line: string): Promise<string[]> {
  // As readline takes a line apart, which has = among the characters that end a word.
  const words = line.split(/ |(?<==)|(?==)/);
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const run = `compopt() { :; }; COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}; _gateway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await bash(run);
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe.concurrent('bash', () => {
  test.for([
    [
      'gateway ',
      [
        'partners',
        'secrets',
        'doctor',
        'tail',
        'completion',
        'help',
        '--data',
        '--env',
        '--json',
        '--no-color',
        '--help',
      ],
    ],
    ['gateway par', ['partners']],
    ['gateway partners re', ['retire-key', 'revoke', 'redirects']],
    ['gateway --env dev partners cr', ['create']],
    ['gateway partners create --n', ['--name', '--no-color']],
    // A value that is a command's name too.
    ['gateway partners --data secrets sh', ['show']],
    ['gateway partners create --name secrets --re', ['--redirect-uri']],
    [
      'gateway secrets set ',
      [
        'client-credentials',
        'admin-token',
        '--untested',
        '--budgea-url',
        '--help',
        '--data',
        '--env',
        '--json',
        '--no-color',
      ],
    ],
    ['gateway secrets rotate m', ['manage-token']],
    ['gateway tail --env ', Object.keys(environments)],
    ['gateway tail --env=st', ['staging']],
    ['gateway tail --env=', Object.keys(environments)],
    ['gateway tail --operation ', Object.keys(operations)],
    ['gateway tail --partner ', []],
    ['gateway partners claim 12345678 --file us', ['users.txt']],
    ['gateway completion ', ['bash', 'zsh', '--help', '--data', '--env', '--json', '--no-color']],
  ] as const)('offers for %j', async ([line, words]) => {
    expect(await offered(line)).toEqual(words);
  });

  test('completes what the Tab key is pressed for', async () => {
    expect((await bash('complete -p gateway')).stdout).toBe('complete -F _gateway gateway\n');
  });

  test('has the command in every folder, with its exit code', async () => {
    const [help, wrong] = await Promise.all([bash('cd /; gateway --help; pwd'), bash('gateway partners lst')]);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: .*\n[^]*\n\/\n$/) as string });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  });
});

/** What somebody sees who types this into a terminal, and what the line is then. */
async function typed(keys: string): Promise<{ screen: string; line: string }> {
  const child = spawn('/usr/bin/script', ['--quiet', '--command', 'stty cols 200; exec zsh -d -i', '/dev/null'], {
    env: env(),
    cwd: home,
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const isReady = screen.includes('READY');
    screen += chunk.toString();
    if (!isReady && screen.includes('READY')) child.stdin.write(`${keys}\u0018`);
    if (/<.*>/.test(screen)) child.stdin.end('exit\n');
  });
  await once(child, 'close');
  return { screen, line: /<(.*)>/.exec(screen)?.[1] ?? '' };
}

describe.skipIf(!existsSync('/usr/bin/zsh')).concurrent('zsh', () => {
  test.for([
    ['gateway par\t', 'gateway partners '],
    ['gateway partners cr\t', 'gateway partners create '],
    ['gateway partners create --na\t', 'gateway partners create --name '],
    ['gateway partners create --name secrets --re\t', 'gateway partners create --name secrets --redirect-uri '],
    ['gateway secrets rotate m\t', 'gateway secrets rotate manage-token '],
    ['gateway tail --env st\t', 'gateway tail --env staging '],
    ['gateway tail --operation hash\t', 'gateway tail --operation hash_delete '],
    ['gateway partners claim --file us\t', 'gateway partners claim --file users.txt '],
  ] as const)('completes %j', async ([keys, line]) => {
    expect((await typed(keys)).line).toBe(line);
  });

  test('says what each word stands for', async () => {
    const { screen } = await typed('gateway secrets \t');
    expect(screen).toMatch(/rotate +-- let the rotation make a new value now, and follow it/);
    expect(screen).toMatch(/status +-- show versions, ages and rotations/);
  });
});
