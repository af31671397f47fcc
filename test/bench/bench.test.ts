import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { classes } from '#tools/bench/classes.ts';
import { goals, verdictOf } from '#tools/bench/goals.ts';
import { partNames, type Parts } from '#tools/bench/measured.ts';
import { pageOf, readFigures } from '#tools/bench/report/document.ts';
import { plotsOf } from '#tools/bench/report/plots.ts';
import { goalTable } from '#tools/bench/report/tables.ts';
import { spreadOf } from '#tools/bench/spread.ts';
import { textTable } from '#tools/bench/text-table.ts';
import { byTurns } from '#tools/bench/turns.ts';
import { functionName, operations } from '#lib/operations/table.ts';

/** What the command says, on either stream, and how it ends. */
function run(...args: string[]): Promise<{ code: number; said: string }> {
  return promisify(execFile)(process.execPath, ['tools/bench/run.ts', ...args]).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, said: stderr }),
  );
}

describe('the command line', () => {
  test('explains itself', async () => {
    const { code, said } = await run('--help');
    expect(code).toBe(0);
    for (const word of ['--quick', '--only', '--report', '--render', ...partNames]) expect(said).toContain(word);
  });

  test.each([
    [['--only', 'tea'], 'Allowed choices are'],
    [['--report', '--only', 'cold'], 'cannot be used with'],
    [['--render', '--quick'], 'cannot be used with'],
  ])('refuses %s, measuring nothing', async (args, reason) => {
    const { code, said } = await run(...args);
    expect(code).toBe(1);
    expect(said).toContain(reason);
  });
});

test('a spread is the median and the quartiles, in whatever order, and NaN of nothing', () => {
  expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 });
  expect(spreadOf([1, 2, 3, 4])).toEqual({ median: 2.5, low: 1.75, high: 3.25 });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7 });
  expect(spreadOf([])).toEqual({ median: Number.NaN, low: Number.NaN, high: Number.NaN });
});

test('numbers stand to the right under their heading, words to the left', () => {
  const rows = [
    ['what', 'takes', 'is'],
    ['one', '1.50', 'met'],
    ['other', '10.25 (9.00–11.00)', 'MISSED'],
  ];
  expect(textTable(rows)).toBe(
    [
      '  what                takes  is',
      '  one                  1.50  met',
      '  other  10.25 (9.00–11.00)  MISSED',
      '',
    ].join('\n'),
  );
});

describe('turns', () => {
  const signal = new AbortController().signal;

  test('everyone comes once a round, and nobody always first', async () => {
    const order: string[] = [];
    const told: string[] = [];
    const going = { tell: (progress: string) => void told.push(progress), signal };
    const results = await byTurns('tea', ['a', 'b', 'c'], 3, going, async (subject, round) => {
      order.push(subject);
      return `${subject}${round}`;
    });
    expect(order.join('')).toBe('abcbcacab');
    expect(results.get('b')).toEqual(['b0', 'b1', 'b2']);
    expect(told).toEqual(['tea: round 1 of 3', 'tea: round 2 of 3', 'tea: round 3 of 3']);
  });

  test('end when they are told to', async () => {
    const stopping = new AbortController();
    const measured = byTurns('tea', [1, 2, 3], 9, { tell: () => undefined, signal: stopping.signal }, async (each) => {
      if (each === 2) stopping.abort();
      return each;
    });
    await expect(measured).rejects.toThrow('aborted');
  });
});

test('every operation’s function forwards or signs', () => {
  const names = Object.keys(operations).map(functionName);
  expect([...classes.forwarding, ...classes.signing].toSorted()).toEqual(names.toSorted());
  expect(classes.forwarding).toEqual(new Set(['auth-token-code-get', 'auth-token-delete', 'hash-delete']));
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
  const cold: Parts['cold'] = {
    rounds: 1,
    empty: { milliseconds: spread(40), peakBytes: spread(4e7) },
    functions: [started('hash-delete', 1.2), started('auth-token-delete', 1.5), started('webauth-get', 2.3)],
    peers: [started('express', 6)],
  };

  test('judges the worst function of each class, and what is left out not at all', () => {
    expect(goalTable({ cold }).map(([what, measured, , , verdict]) => [what, measured, verdict])).toEqual([
      ['', 'measured', ''],
      ['cold, an operation that only forwards a token', '1.50 (1.50–1.50) × empty', 'met'],
      ['cold, signed, partner and ownership looked up', '2.30 (2.30–2.30) × empty', 'MISSED'],
      ['cold against bundled express + axios + SDK', '0.38 (0.38–0.38) ×', 'MISSED'],
      ['peak memory', '1.30 (1.30–1.30) × empty', 'met'],
    ]);
  });

  test('tells a met goal, a met stretch and a missed one apart, whichever way is better', () => {
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

describe('the report', () => {
  test('is what the template and the figures of the last run give: npm run bench -- --render', async () => {
    expect(await readFile('docs/performance.md', 'utf8')).toBe(await pageOf(await readFigures()));
  });

  test('shows plots that are there, readable in light and dark', async () => {
    const page = await readFile('docs/performance.md', 'utf8');
    const shown = [...page.matchAll(/]\(performance\/(.*?)\)/g)].map(([, file = '']) => file);
    const { parts } = await readFigures();
    expect(shown.toSorted()).toEqual(Object.keys(plotsOf(parts)).toSorted());
    for (const file of shown) {
      const plot = await readFile(`docs/performance/${file}`, 'utf8');
      expect(plot).toContain('prefers-color-scheme: dark');
      expect(plot).not.toContain('NaN');
    }
  });
});
