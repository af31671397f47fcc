import type { Command } from 'commander';
import type * as directory from '#lib/partners/directory.ts';
import { quoted } from '#lib/shell.ts';
import { paintFor } from './paint.ts';
import type { GlobalOptions } from './program.ts';
import { createProgress } from './progress.ts';
import type { Look } from './table.ts';
import { connect, type Target } from './target.ts';
import type { Terminal } from './terminal.ts';

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
  /** Whether answers are to be JSON. */
  isJson(): boolean;
  /** How texts for standard output look. */
  look(): Look;
  /** Tells something that is not the answer, on standard error. */
  note(text: string): void;
  /** Says on standard error how far long work is; undefined once it is over. */
  progress(text: string | undefined): void;
  /** Tells what went wrong, on standard error. */
  complain(text: string): void;
  /** How to type another command for the same target. */
  toType(command: string): string;
}

/** Makes the session of a command line; the program's options are read when a command runs. */
export function createSession(program: Command, terminal: Terminal): Session {
  const options = () => program.opts<GlobalOptions>();
  const progress = createProgress(terminal.stderr);
  const isDefault = () => program.getOptionValueSource('data') === 'default';

  function target(): Target {
    const { data, env } = options();
    if (env !== undefined) return { environment: env, option: ` --env ${env}` };
    return { environment: 'local', folder: data, option: isDefault() ? '' : ` --data ${quoted(data)}` };
  }

  function note(text: string): void {
    progress.clear();
    terminal.stderr.write(`${text}\n`);
  }

  return {
    terminal,
    target,
    connect: () => connect(target()),
    async directory() {
      await connect(target());
      return import('#lib/partners/directory.ts');
    },
    answer(json, text) {
      // One line for a program, several for a person.
      const answer = options().json ? JSON.stringify(json, null, terminal.stdout.isTTY ? 2 : undefined) : text;
      progress.clear();
      if (answer !== '') terminal.stdout.write(`${answer}\n`);
    },
    isJson: () => options().json === true,
    look: () => ({
      paint: paintFor(terminal.stdout, options().color),
      width: terminal.stdout.isTTY ? terminal.stdout.columns : undefined,
    }),
    note,
    progress(text) {
      if (text === undefined) progress.clear();
      else progress.show(text);
    },
    complain(text) {
      const paint = paintFor(terminal.stderr, options().color);
      note(`${paint('bad', 'error:')} ${text}`);
    },
    toType: (command) => `npm run gateway -- ${command}${target().option}`,
  };
}
