import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';

/** What a command showed in a terminal. */
export interface Shown {
  code: number | null;
  /** Standard output and standard error, lines ended as a terminal has them. */
  output: string;
}

/** A terminal's window, and who sits there. */
export interface Window {
  columns: number;
  env?: Readonly<Record<string, string>>;
  /** Typed as soon as the command shows something. */
  type?: string;
}

/** Runs the command itself in a terminal of its own, which util-linux's `script` makes. */
export async function runInTerminal(args: readonly string[], { columns, env = {}, type }: Window): Promise<Shown> {
  const command = ['exec', process.execPath, 'cli/main.ts', ...args].map((word) => `'${word}'`).join(' ');
  const line = `stty cols ${columns} rows 24; ${command.replace("'exec'", 'exec')}`;
  const child = spawn('/usr/bin/script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { HOME: tmpdir(), PATH: '/usr/bin:/bin', SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '' && type !== undefined) child.stdin.write(type);
    output += chunk.toString();
  });
  await once(child, 'close');
  return { code: child.exitCode, output };
}
