import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type * as directory from '../lib/partners/directory.ts';
import { connect, type Target } from './target.ts';

/** The three standard streams; what a terminal has and a pipe has not is optional. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
}

/** What a command works with, beside its own arguments. */
export interface Session {
  terminal: Terminal;
  /** The gateway that the command line names. */
  target(): Target;
  /** Points the AWS SDK at the target; nothing that makes an AWS client may be loaded before. Throws Refusal when a local stack does not run. */
  connect(): Promise<void>;
  /** The partner directory of the target, connected. */
  directory(): Promise<typeof directory>;
  /** Prints the command's answer on standard output: `json` with `--json`, else `text`. */
  answer(json: unknown, text: string): void;
  /** Tells something that is not the answer, on standard error. */
  note(text: string): void;
  /** How to type another command for the same target. */
  toType(command: string): string;
}

interface GlobalOptions {
  data: string;
  env?: string;
  json?: true;
}

/** Makes the session of a command line; the program's options are read when a command runs. */
export function createSession(program: Command, terminal: Terminal): Session {
  const options = () => program.opts<GlobalOptions>();
  const isDefault = () => program.getOptionValueSource('data') === 'default';

  function target(): Target {
    const { data, env } = options();
    if (env !== undefined) return { environment: env, option: ` --env ${env}` };
    return { environment: 'local', folder: data, option: isDefault() ? '' : ` --data ${quoted(data)}` };
  }

  return {
    terminal,
    target,
    connect: () => connect(target()),
    async directory() {
      await connect(target());
      return import('../lib/partners/directory.ts');
    },
    answer(json, text) {
      // One line for a program, several for a person.
      const answer = options().json ? JSON.stringify(json, null, terminal.stdout.isTTY ? 2 : undefined) : text;
      if (answer !== '') terminal.stdout.write(`${answer}\n`);
    },
    note: (text) => void terminal.stderr.write(`${text}\n`),
    toType: (command) => `npm run gateway -- ${command}${target().option}`,
  };
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
