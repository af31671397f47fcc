import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { duration } from '#cli/format.ts';
import { shorten, table, titles } from '#cli/table.ts';
import { painted } from '#cli/terminal.ts';
import { createProgress } from '#cli/progress.ts';
import { runCommand, runInTerminal, startLocalStack, type LocalStack } from './local-stack.ts';

// Output on a terminal, on a narrow one, without colours, and in a pipe.

test.for([
  [0, '0 s'],
  [999, '0 s'],
  [-61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [86_460_000, '1 d'],
] as const)('%d ms is formatted as %s', ([milliseconds, text]) => {
  expect(duration(milliseconds)).toBe(text);
});

test('columns are as wide as their widest cell, and lines end without spaces', () => {
  expect(table([['A', 'BB'], ['ccc'], ['', 'd']])).toBe('A    BB\nccc\n     d');
  expect(
    table(
      [
        ['a', 'bb'],
        ['ccc', 'd'],
      ],
      { right: [0, 1] },
    ),
  ).toBe('  a  bb\nccc   d');
});

test('a table that is too wide cuts only the allowed columns, the widest first', () => {
  const rows = [
    ['ID', 'NAME', 'GRANTS'],
    ['12345678', 'A name that goes on and on', 'users:all, jwt:permanent'],
  ] as const;
  expect(table(rows, { width: 50, cut: [1, 2] })).toBe(
    'ID        NAME                 GRANTS\n12345678  A name that goes o…  users:all, jwt:per…',
  );
  // Too narrow for the table: values to copy are not cut, and the terminal wraps the line.
  expect(table(rows, { width: 10, cut: [1, 2] })).toBe('ID        NAME      GRANTS\n12345678  A name …  users:a…');
  expect(table(rows, { cut: [1, 2] })).toContain('goes on and on  users:all, jwt:permanent');
});

test('widths are those on a terminal: wide characters count twice, and colours do not count', () => {
  expect(shorten('東京の銀行', 7)).toBe('東京の…');
  const rows = [
    [{ tone: 'success' as const, text: '東京' }, 'x'],
    ['abcdef', 'y'],
  ];
  expect(table([titles('N', 'M'), ...rows], { paint: painted })).toContain(`${painted('success', '東京')}    x\n`);
});

test('progress is one line on a terminal, which is removed before other output', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 12 });
  const progress = createProgress(stream);
  progress.show('1 of 2 checks …');
  progress.show('2 of 2 …');
  progress.clear();
  progress.clear();
  expect(String(stream.read())).toBe('\r\u001B[2K1 of 2 che…\r\u001B[2K2 of 2 …\r\u001B[2K');
});

test('progress in a pipe is an occasional line', () => {
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
const name = 'A partner with a name that is too long for a narrow window';

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
  // Independent of the terminal that runs the tests.
  for (const variable of ['NO_COLOR', 'FORCE_COLOR', 'COLORTERM', 'CI', 'TEAMCITY_VERSION'])
    vi.stubEnv(variable, undefined);
  vi.stubEnv('TERM', 'xterm-256color');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => stack.close());

// oxlint-disable-next-line no-control-regex -- colours are control characters
const colour = /\u001B\[\d+m/g;

test('a terminal has colours and a table as wide as the window', async () => {
  const { code, output } = await runInTerminal(list, { columns: 60 });
  expect(code).toBe(0);
  expect(output).toMatch(colour);
  const [header = '', row = ''] = output.replaceAll(colour, '').split('\r\n');
  expect(header).toMatch(/^CLIENT ID {2}NAME +STATUS {2}KEYS {2}GRANTS$/);
  expect(row).toMatch(new RegExp(`^${id} {3}A partner with .*… +active +1 +users:all$`));
  expect(row).toHaveLength(60);
});

test.for([
  ['NO_COLOR', [], { NO_COLOR: '1' }],
  ['TERM=dumb', [], { TERM: 'dumb' }],
  ['--no-color', ['--no-color'], { FORCE_COLOR: '1' }],
] as const)('a terminal has no colours with %s', async ([_case, args, env]) => {
  const runWith = (command: string[]) => runCommand([...command, ...args], { columns: 200 });
  expect((await runCommand(list, { columns: 200 })).stdout).toMatch(colour);
  for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
  expect(await runWith(list)).toEqual({ code: 0, stdout: expect.stringContaining(name), stderr: '' });
  for (const command of [list, ['--help'], ['partners', 'lst']]) {
    const { stdout, stderr } = await runWith(command);
    expect(stdout + stderr).not.toMatch(colour);
  }
});

test('a pipe has no colours, except with FORCE_COLOR, and nothing is cut', async () => {
  const piped = await runCommand(list);
  expect(piped.stdout).toMatch(new RegExp(`^${id} {3}${name} {2}active`, 'm'));
  expect(piped.stdout).not.toMatch(colour);
  vi.stubEnv('FORCE_COLOR', '1');
  const forced = await runCommand(list);
  expect(forced.stdout).toMatch(colour);
  expect(forced.stdout.replaceAll(colour, '')).toBe(piped.stdout);
});

test('help and errors have colours on a terminal, and help fits the window', async () => {
  const help = await runCommand(['partners', '--help'], { columns: 80 });
  expect(help.stdout).toContain(painted('title', 'Commands:'));
  expect(
    help.stdout
      .replaceAll(colour, '')
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([]);
  const { stderr } = await runCommand(['partners', 'lst'], { columns: 80 });
  expect(stderr).toContain(`${painted('error', 'error:')} unknown command 'lst'\n(Did you mean list?)`);
  expect(stderr).toContain('Run the command with --help for its usage.');
});

test('the help lists exactly the exit codes of the commands', async () => {
  const { stdout } = await runCommand(['--help']);
  const [, listed = ''] = /Exit codes:\n([^]*?)\n\n/.exec(stdout) ?? [];
  const outcomes = await Promise.all([
    runCommand(list),
    runCommand(['partners', 'list', '--data', '/nowhere']),
    runCommand(['partners', 'list', '--odd']),
    runInTerminal(['secrets', 'set', 'admin-token', '--untested', '--data', stack.data], {
      columns: 60,
      type: '\u0003',
    }),
  ]);
  expect(listed.match(/\d+/g)).toEqual(outcomes.map(({ code }) => String(code)));
});
