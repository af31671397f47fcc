import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a short soak passes and prints its checks', async () => {
  const args = ['tools/bench/soak/run.ts', '--calls', '200', '--rotations', '3', '--instances', '2'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^Calls +\d+ by 2 instances/m);
  expect(stdout.match(/^holds /gm)).toHaveLength(5);
  expect(stdout).toMatch(/^PASSED after/m);
});

test('a soak of no calls is rejected', async () => {
  const args = ['tools/bench/soak/run.ts', '--calls', '0'];
  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Use a whole number from 1 to 1000000.'),
  });
});
