import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { releaseNotes } from '#tools/release-notes.ts';

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'workflows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs a program of `tools/` in a folder. */
function run(cwd: string, program: string, ...args: string[]): Promise<Result> {
  return promisify(execFile)(process.execPath, [resolve('tools', program), ...args], { cwd }).then(
    (output) => ({ code: 0, ...output }),
    (error: Result) => error,
  );
}

test.each([
  ['an unknown key', 'permissions:', 'permission:', /ci\.yml.*Unexpected value 'permission'/],
  ['an unknown permission', 'contents: read', 'content: read', /ci\.yml.*Unexpected value 'content'/],
  [
    'an invalid expression',
    'matrix.command }}',
    'matrices.command }}',
    /ci\.yml.*Unrecognized named-value: 'matrices'/,
  ],
  ['invalid YAML', '    steps:', '   steps:', /ci\.yml: .*column/],
  ['an action that is pinned to a tag', /checkout@\w+/, 'checkout@v6', /ci\.yml: actions\/checkout@v6 is not pinned/],
])('the check of workflows rejects %s', async (_name, text, replacement, error) => {
  const folder = await createFolder();
  await cp('.github', join(folder, '.github'), { recursive: true });
  expect(await run(folder, 'check-workflows.ts')).toMatchObject({ code: 0, stderr: '' });
  const file = join(folder, '.github/workflows/ci.yml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(text, replacement));
  const { code, stderr } = await run(folder, 'check-workflows.ts');
  expect(code).toBe(1);
  expect(stderr).toMatch(error);
});

test('the notes of a release are the entry of its version', async () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n- A\n\n## [1.2.0] - 2027-01-01\n\n### Added\n\n- B\n\n## [1.1.0] - 2026-12-01\n\n- C\n';
  expect(releaseNotes(changelog, '1.2.0')).toBe('### Added\n\n- B');
  expect(releaseNotes(changelog, '1.1.0')).toBe('- C');
  expect(() => releaseNotes(changelog, '1.2')).toThrow('CHANGELOG.md has no entry for 1.2.');

  const folder = await createFolder();
  await writeFile(join(folder, 'package.json'), '{"version":"1.2.0"}');
  await writeFile(join(folder, 'CHANGELOG.md'), changelog);
  expect(await run(folder, 'release-notes.ts', 'v1.2.0')).toMatchObject({ code: 0, stdout: '### Added\n\n- B\n' });
  expect(await run(folder, 'release-notes.ts', 'v1.1.0')).toMatchObject({ code: 1, stdout: '' });
});

test('the changelog has an entry for the version of the project', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  expect(releaseNotes(await readFile('CHANGELOG.md', 'utf8'), version)).toContain('### ');
});
