import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { functionName, operations } from '#lib/operations/table.ts';
import { startStandIns } from '#tools/bench/context.ts';
import { inTurns, spreadOf } from '#tools/bench/figures.ts';
import { goals, goalTable, verdictOf } from '#tools/bench/goals.ts';
import { partNames, type Figures } from '#tools/bench/parts.ts';
import { classes } from '#tools/bench/parts/sizes.ts';
import { headingText, readFigures, renderPage } from '#tools/bench/report.ts';

/** The output of the command, on either stream, and its exit code. */
function run(...args: string[]): Promise<{ code: number; output: string }> {
  return promisify(execFile)(process.execPath, ['tools/bench/run.ts', ...args]).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, output: stderr }),
  );
}

describe('the command line', () => {
  test('has a help text with all options and parts', async () => {
    const { code, output } = await run('--help');
    expect(code).toBe(0);
    for (const word of ['--quick', '--only', '--report', '--render', ...partNames]) expect(output).toContain(word);
  });

  test.each([
    [['--only', 'tea'], 'Allowed choices are'],
    [['--report', '--only', 'cold'], 'cannot be used with'],
    [['--render', '--quick'], 'cannot be used with'],
  ])('rejects %s', async (args, reason) => {
    const { code, output } = await run(...args);
    expect(code).toBe(1);
    expect(output).toContain(reason);
  });
});

test('a spread has the median and the quartiles, independent of the order, and NaN without numbers', () => {
  expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 });
  expect(spreadOf([1, 2, 3, 4])).toEqual({ median: 2.5, low: 1.75, high: 3.25 });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7 });
  expect(spreadOf([])).toEqual({ median: Number.NaN, low: Number.NaN, high: Number.NaN });
});

describe('inTurns', () => {
  const signal = new AbortController().signal;

  test('measures every subject once a round, each round beginning with the next one', async () => {
    const order: string[] = [];
    const reported: string[] = [];
    const progress = { report: (line: string) => void reported.push(line), signal };
    const results = await inTurns('tea', ['a', 'b', 'c'], 3, progress, async (subject, round) => {
      order.push(subject);
      return `${subject}${round}`;
    });
    expect(order.join('')).toBe('abcbcacab');
    expect(results.get('b')).toEqual(['b0', 'b1', 'b2']);
    expect(reported).toEqual(['tea: round 1 of 3', 'tea: round 2 of 3', 'tea: round 3 of 3']);
  });

  test('rejects when the signal aborts', async () => {
    const stopping = new AbortController();
    const progress = { report: () => undefined, signal: stopping.signal };
    const measured = inTurns('tea', [1, 2, 3], 9, progress, async (subject) => {
      if (subject === 2) stopping.abort();
      return subject;
    });
    await expect(measured).rejects.toThrow('aborted');
  });
});

test('the stand-in for Budgea answers every operation as it was recorded, with the id of the path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const stopping = new AbortController();
  try {
    const { upstream, requests } = await startStandIns(folder, 'bgk_12345678_a-key', stopping.signal);
    const read = async (path: string) => (await fetch(`${upstream}/2.0${path}`)).json();
    expect(await read('/users/1000003')).toMatchObject({ id: 1_000_003 });
    expect(await read('/users/all')).toHaveProperty('users');
    expect(await read('/users/me?expand=connections')).toHaveProperty('connections');
    const rows = Object.values(operations);
    for (const { method, path } of rows) {
      const url = `${upstream}/2.0${path.replace(/\{\w+\}/, '7')}`;
      const { status } = await fetch(url, { method, redirect: 'manual' });
      expect([path, status < 400]).toEqual([path, true]);
    }
    expect(await requests()).toEqual({ aws: 0, upstream: 3 + rows.length });
  } finally {
    stopping.abort();
    await rm(folder, { recursive: true });
  }
});

test('every operation’s function is in one class', () => {
  const names = Object.keys(operations).map(functionName);
  expect([...classes.forwarding, ...classes.signing].toSorted()).toEqual(names.toSorted());
  expect(classes.forwarding).toContain('auth-token-delete');
  expect(classes.signing).toContain('auth-token-access-post');
});

const spread = (median: number) => ({ median, low: median, high: median });

describe('the table of goals', () => {
  const started = (name: string, median: number) => ({
    name,
    time: spread(median),
    work: spread(median),
    peak: spread(1.3),
    requests: { aws: 1, upstream: 1 },
    milliseconds: spread(40 * median),
  });
  const cold: Figures['cold'] = {
    rounds: 1,
    empty: { milliseconds: spread(40), peakBytes: spread(4e7) },
    functions: [started('hash-delete', 1.2), started('auth-token-delete', 1.5), started('webauth-get', 2.3)],
    peers: [started('express', 6)],
  };

  test('compares the highest function of each class, and leaves out parts that were not measured', () => {
    expect(goalTable({ cold }).map(([what, measured, , , verdict]) => [what, measured, verdict])).toEqual([
      ['', 'measured', ''],
      ['cold, an operation that only forwards a token', '1.50 (1.50–1.50) × empty', 'met'],
      ['cold, signed, partner and ownership looked up', '2.30 (2.30–2.30) × empty', 'MISSED'],
      ['cold, compared with bundled express + axios + SDK', '0.38 (0.38–0.38) ×', 'MISSED'],
      ['peak memory', '1.30 (1.30–1.30) × empty', 'met'],
    ]);
  });

  test('distinguishes stretch met, met and missed, also where higher values are better', () => {
    const [less] = goals;
    const more = goals.find((goal) => goal.more);
    const verdict = (goal: typeof less, value: number) => goal && verdictOf(goal, { value, remark: '' });
    expect([1.4, 1.41, 1.6, 1.61].map((value) => verdict(less, value))).toEqual([
      'stretch met',
      'met',
      'met',
      'MISSED',
    ]);
    expect([4, 3.9, 3, 2.9].map((value) => verdict(more, value))).toEqual(['stretch met', 'met', 'met', 'MISSED']);
    expect(verdict(less, Number.NaN)).toBe('MISSED');
  });
});

test('the heading warns of other load on the machine of the run', async () => {
  const { heading } = await readFigures();
  expect(headingText({ ...heading, load: 2, cores: 4 })).toContain('The machine had other load (2)');
  expect(headingText({ ...heading, load: 2, cores: 16 })).not.toContain('other load');
});

test('docs/performance.md matches the template and the last figures: if not, npm run bench -- --render', async () => {
  expect(await readFile('docs/performance.md', 'utf8')).toBe(await renderPage(await readFigures()));
});
