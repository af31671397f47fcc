import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { painted } from '#cli/paint.ts';
import { createProgress } from '#cli/progress.ts';
import { pairs, shorten, table, type Look } from '#cli/table.ts';
import { duration } from '#cli/view.ts';
import { runHere, startLocalStack, type LocalStack } from './local-stack.ts';
import { runInTerminal } from './pty.ts';

// How answers look: in a terminal, in one that is narrow or wants no colours, and where there is none.

test.for([
  [0, '0 s'],
  [999, '0 s'],
  [-61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [86_460_000, '1 d'],
] as const)('%d ms is %s', ([milliseconds, text]) => {
  expect(duration(milliseconds)).toBe(text);
});

const plain = (width?: number): Look => ({ paint: (_tone, text) => text, width });

test('columns are as wide as their widest cell, and lines end without spaces', () => {
  expect(table([['A', 'BB'], ['ccc'], ['', 'd']], plain())).toBe('A    BB\nccc\n     d');
  const named = [
    ['a', 'b'],
    ['ccc', ''],
    ['', 'd'],
  ] as const;
  expect(pairs(named)).toBe('a    b\nccc\n     d');
});

test('a table that is too wide loses the ends of names, the longest first, and nothing else', () => {
  const rows = [
    ['ID', 'NAME', 'GRANTS'],
    ['12345678', 'A name that goes on and on', 'users:all, jwt:permanent'],
  ] as const;
  expect(table([...rows], plain(50), ['NAME', 'GRANTS'])).toBe(
    'ID        NAME                 GRANTS\n12345678  A name that goes o…  users:all, jwt:per…',
  );
  // Too narrow for any table: what is to be copied stays whole, and the window breaks the line.
  expect(table([...rows], plain(10), ['NAME', 'GRANTS'])).toBe(
    'ID        NAME      GRANTS\n12345678  A name …  users:a…',
  );
  expect(table([...rows], plain(), ['NAME', 'GRANTS'])).toContain('goes on and on  users:all, jwt:permanent');
});

test('what a terminal shows twice as wide, or not at all, is counted so', () => {
  expect(shorten('東京の銀行', 7)).toBe('東京の…');
  const rows = [
    [{ tone: 'good' as const, text: '東京' }, 'x'],
    ['abcdef', 'y'],
  ];
  expect(table([['N', 'M'], ...rows], { paint: painted, width: undefined })).toContain(
    `${painted('good', '東京')}    x\n`,
  );
});

test('progress is one line of a terminal, which gives way to what follows', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 12 });
  const progress = createProgress(stream);
  progress.show('1 of 2 checks …');
  progress.show('2 of 2 …');
  progress.clear();
  progress.clear();
  expect(String(stream.read())).toBe('\r\u001B[2K1 of 2 che…\r\u001B[2K2 of 2 …\r\u001B[2K');
});

test('elsewhere, progress is a line now and then', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const stream = new PassThrough();
  const progress = createProgress(stream);
  for (let done = 0; done < 50; done++) {
    progress.show(`${done} of 50 …`);
    vi.setSystemTime(Date.now() + 100);
  }
  progress.clear();
  vi.useRealTimers();
  expect(String(stream.read())).toBe('20 of 50 …\n40 of 50 …\n');
});

let stack: LocalStack;
let list: string[];
let id: string;
const name = 'A partner with a name that fits into no narrow window at all';

beforeAll(async () => {
  stack = await startLocalStack();
  list = ['partners', 'list', '--data', stack.data];
  const created = await stack.json<{ client_id: string }>([
    'partners',
    'create',
    '--name',
    name,
    '--grant',
    'users:all',
  ]);
  id = created.client_id;
});
beforeEach(() => {
  // Whatever the tests' own terminal is.
  for (const variable of ['NO_COLOR', 'FORCE_COLOR', 'COLORTERM', 'CI', 'TEAMCITY_VERSION'])
    vi.stubEnv(variable, undefined);
  vi.stubEnv('TERM', 'xterm-256color');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => stack.close());

// oxlint-disable-next-line no-control-regex -- colours are control characters
const colour = /\u001B\[\d+m/g;

test('in a terminal: colours, and a table as wide as the window', async () => {
  const { code, output } = await runInTerminal(list, { columns: 60 });
  expect(code).toBe(0);
  expect(output).toMatch(colour);
  const [titles = '', row = ''] = output.replaceAll(colour, '').split('\r\n');
  expect(titles).toMatch(/^CLIENT ID {2}NAME +STATUS {2}KEYS {2}GRANTS$/);
  expect(row).toMatch(new RegExp(`^${id} {3}A partner with .*… +active +1 +users:all$`));
  expect(row).toHaveLength(60);
});

test.for([
  ['NO_COLOR', [], { NO_COLOR: '1' }],
  ['TERM=dumb', [], { TERM: 'dumb' }],
  ['--no-color', ['--no-color'], { FORCE_COLOR: '1' }],
] as const)('in a terminal with %s: no colours', async ([_why, args, env]) => {
  const look = (command: string[]) => runHere([...command, ...args], { columns: 200 });
  expect((await runHere(list, { columns: 200 })).stdout).toMatch(colour);
  for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
  const shown = await look(list);
  expect(shown).toEqual({ code: 0, stdout: expect.stringContaining(name) as string, stderr: '' });
  for (const command of [list, ['--help'], ['partners', 'lst']]) {
    const { stdout, stderr } = await look(command);
    expect(stdout + stderr).not.toMatch(colour);
  }
});

test('elsewhere: no colours and nothing cut, unless somebody wants colours', async () => {
  const piped = await runHere(list);
  expect(piped.stdout).toMatch(new RegExp(`^${id} {3}${name} {2}active`, 'm'));
  expect(piped.stdout).not.toMatch(colour);
  vi.stubEnv('FORCE_COLOR', '1');
  const forced = await runHere(list);
  expect(forced.stdout).toMatch(colour);
  expect(forced.stdout.replaceAll(colour, '')).toBe(piped.stdout);
});

test('help and refusals have colours in a terminal, and help fits into it', async () => {
  const help = await runHere(['partners', '--help'], { columns: 80 });
  expect(help.stdout).toContain(painted('title', 'Commands:'));
  expect(
    help.stdout
      .replaceAll(colour, '')
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([]);
  const { stderr } = await runHere(['partners', 'lst'], { columns: 80 });
  expect(stderr).toContain(`${painted('bad', 'error:')} unknown command 'lst'\n(Did you mean list?)`);
  expect(stderr).toContain('Add --help to see what it takes.');
});

test('each exit code that the help names is one that commands end with', async () => {
  const { stdout } = await runHere(['--help']);
  const [, named = ''] = /Exit codes:\n([^]*?)\n\n/.exec(stdout) ?? [];
  const endings = await Promise.all([
    runHere(list),
    runHere(['partners', 'list', '--data', '/nowhere']),
    runHere(['partners', 'list', '--odd']),
    runInTerminal(['secrets', 'set', 'admin-token', '--untested', '--data', stack.data], {
      columns: 60,
      type: '\u0003',
    }),
  ]);
  expect(named.match(/\d+/g)).toEqual(endings.map(({ code }) => String(code)));
});
