import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

/** Runs a start that an option ends at once, the port at the latest; what it says. */
async function refused(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['local/start.ts', ...args, '--port', '0']);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(code).toBe(1);
  return stderr;
}

test.each([
  'http://demo.biapi.pro/2.0',
  'http://127.0.0.1.rebound.example/2.0',
  'http://127.0.0.1@rebound.example/2.0',
  'http://0.0.0.0:3001/2.0',
  'http://192.168.1.2/2.0',
])('npm start does not send credentials to %s', async (url) => {
  expect(await refused('--upstream', url)).toMatch(/'--upstream <url>'.* is invalid\. .* in the clear\. Use https\./);
});

test.each(['http://127.0.0.1:1/2.0', 'http://localhost:1/2.0', 'http://[::1]:1/2.0', 'https://demo.biapi.pro/2.0'])(
  'npm start may send credentials to %s',
  async (url) => {
    expect(await refused('--upstream', url)).toMatch(/'--port <n>'/);
  },
);
