import type { Command } from 'commander';
import type * as directory from '#lib/partners/directory.ts';
import { quoted } from '#lib/shell.ts';
import type { Look } from './table.ts';
import { connect, type Target } from './target.ts';
import { paintFor, type Terminal } from './terminal.ts';
import { createProgress } from './progress.ts';

/** The options of every command. */
export interface GlobalOptions {
  data: string;
  env?: string;
  json?: true;
  color: boolean;
}

/** The context of a command, besides its own arguments. */
export interface Session {
  terminal: Terminal;
  /** The gateway that the command line selects. */
  target(): Target;
  /** Configures the AWS SDK for the target; call it before loading any module that creates an AWS client. Throws CliError if a local stack does not run. */
  connect(): Promise<void>;
  /** Connects and returns the partner directory of the target. */
  directory(): Promise<typeof directory>;
  /** Prints the command's result on standard output: `json` with `--json`, else `text`. */
  print(json: unknown, text: string): void;
  /** Whether results are printed as JSON. */
  isJson(): boolean;
  /** How texts on standard output look. */
  look(): Look;
  /** Prints a text that is not the result on standard error. */
  note(text: string): void;
  /** Shows the progress of long work on standard error. */
  progress(text: string): void;
  /** Prints an error message on standard error. */
  printError(text: string): void;
  /** Returns the full command line of a command for the same target. */
  commandLine: (command: string) => string;
}

/** Creates the session of a command line; the program's options are read when a command runs. */
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
    print(json, text) {
      // One line for a program, several for a person.
      const result = options().json ? JSON.stringify(json, null, terminal.stdout.isTTY ? 2 : undefined) : text;
      progress.clear();
      if (result !== '') terminal.stdout.write(`${result}\n`);
    },
    isJson: () => options().json === true,
    look: () => ({
      paint: paintFor(terminal.stdout, options().color),
      width: terminal.stdout.isTTY ? terminal.stdout.columns : undefined,
    }),
    note,
    progress: (text) => progress.show(text),
    printError(text) {
      const paint = paintFor(terminal.stderr, options().color);
      note(`${paint('error', 'error:')} ${text}`);
    },
    commandLine: (command) => `npm run gateway -- ${command}${target().option}`,
  };
}
