import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

/** Runs `npm run check` for a package with these scripts; returns its exit code and its lines without the times. */
async function check(scripts: Record<string, string>): Promise<{ code: number; lines: string[] }> {
  const cwd = await mkdtemp(join(tmpdir(), 'check-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ scripts }));
  const { code, stdout } = await promisify(execFile)(process.execPath, [resolve('tools/check.ts')], { cwd }).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string }) => error,
  );
  const lines = stdout.trim().replaceAll(/ +[\d.]+ s$/gm, '');
  return { code, lines: lines.split('\n').toSorted() };
}

test('all checks run, and only the output of failed ones is printed', async () => {
  const scripts = {
    start: 'echo other && exit 1',
    'check:good': 'echo hidden',
    'check:bad': 'echo shown && echo shown too >&2 && exit 2',
    'check:worse': 'exit 1',
  };
  expect(await check(scripts)).toEqual({
    code: 1,
    lines: ['check:bad    failed', 'check:good   passed', 'check:worse  failed', 'shown', 'shown too'],
  });
});

test('if all checks pass, a line for each is printed', async () => {
  expect(await check({ 'check:one': 'echo hidden', 'check:two': 'true' })).toEqual({
    code: 0,
    lines: ['check:one  passed', 'check:two  passed'],
  });
});
