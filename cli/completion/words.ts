import type { Argument, Command, Option } from 'commander';

/** A word of a command line, and what it stands for. */
export interface Word {
  word: string;
  description: string;
}

/** What the word after an option may be; `anything` that nobody can know beforehand. */
export type Values = readonly string[] | 'files' | 'folders' | 'anything';

/** What may follow a command, by its path: `partners create`, and nothing for the program itself. */
export interface Level {
  path: string;
  /** Subcommands, or values of the first argument. */
  words: readonly Word[];
  options: readonly Word[];
}

/** What completion knows of a program. */
export interface Words {
  levels: readonly Level[];
  /** Of every option that takes a value. An option means the same wherever it is. */
  values: ReadonlyMap<string, Values>;
}

/** Reads a program's words; `known` has values of options whose choices the program does not say, by the option's long name. */
export function wordsOf(program: Command, known: ReadonlyMap<string, readonly string[]>): Words {
  const commands = [program, ...descendantsOf(program)];
  const values = new Map<string, Values>();
  for (const option of commands.flatMap(optionsOf)) {
    if (option.required || option.optional) {
      for (const name of namesOf(option)) values.set(name, known.get(name) ?? valuesOf(option));
    }
  }
  return { levels: commands.map(levelOf), values };
}

function levelOf(command: Command): Level {
  const subcommands = command.createHelp().visibleCommands(command);
  const [argument] = command.registeredArguments;
  return {
    path: pathOf(command),
    words:
      subcommands.length > 0
        ? subcommands.map((each) => ({ word: each.name(), description: each.description() }))
        : choicesOf(argument),
    options: optionsOf(command).flatMap((option) =>
      namesOf(option)
        .filter((name) => name.startsWith('--'))
        .map((word) => ({ word, description: option.description })),
    ),
  };
}

function choicesOf(argument: Argument | undefined): Word[] {
  return (argument?.argChoices ?? []).map((word) => ({ word, description: argument?.description ?? '' }));
}

function descendantsOf(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendantsOf(child)]);
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}

/** Its own and, as they may stand anywhere, the program's. */
function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  help.showGlobalOptions = true;
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function namesOf({ short, long }: Option): string[] {
  return [long, short].filter((name) => name !== undefined);
}

function valuesOf({ flags, argChoices }: Option): Values {
  if (argChoices !== undefined) return argChoices;
  if (flags.includes('<file>')) return 'files';
  return flags.includes('<dir>') ? 'folders' : 'anything';
}
