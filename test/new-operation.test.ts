import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeSkeleton } from '#tools/new-operation.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');

test('the skeleton of an operation is ten files, and compiles', { timeout: 180_000 }, async () => {
  const copy = await mkdtemp(join(tmpdir(), 'new-operation-'));
  try {
    const { stdout } = await run('git', ['ls-files', '--', '*.ts', '*.tsx', '*.json', '*.mjs'], { cwd: root });
    for (const file of stdout.trim().split('\n')) await cp(join(root, file), join(copy, file));
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    const files = await writeSkeleton(copy, { id: 'auth_renew_post', method: 'POST', path: '/auth/renew' });
    expect(files).toHaveLength(10);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const compiled = run(process.execPath, [compiler, '--noEmit', '-p', copy], { cwd: copy });
    expect(
      await compiled.then(
        () => '',
        ({ stdout: errors }: { stdout: string }) => errors,
      ),
    ).toBe('');
  } finally {
    await rm(copy, { recursive: true });
  }
});
