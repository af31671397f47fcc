import type { Command } from 'commander';
import { secretFullName } from '../../lib/env.ts';
import { Refusal } from '../refusal.ts';
import type { Session, Terminal } from '../session.ts';
import { askFor, readInput } from './input.ts';
import { settables, type Settable, type SettableName } from './settable.ts';

const names = Object.keys(settables).join(' or ');

/** `secrets set`: a new value, from a prompt or from standard input and never from the command line. */
export function addSet(secrets: Command, session: Session): void {
  secrets
    .command('set')
    .description('give a secret a value, typed at a prompt or piped in; never as an argument')
    .argument('<secret>', names)
    .allowExcessArguments()
    .addHelpText('after', help())
    .action(async (name: string, _options, { args }: Command) => {
      // Not left to commander, which would repeat what was typed.
      if (!isSettable(name) || args.length > 1)
        throw new Refusal(`Name the secret: ${names}. Its value is never an argument.`, 2);
      await session.connect();
      await setSecret(session, name, settables[name]);
    });
}

async function setSecret(session: Session, name: SettableName, settable: Settable): Promise<void> {
  const value = await readValue(settable, session.terminal);
  const { environment } = session.target();
  const fullName = secretFullName(environment, name);
  const { storeSecret } = await import('./store.ts');
  const stored = await storeSecret(fullName, JSON.stringify(value), { create: environment === 'local' });
  const follows =
    environment === 'local' ? 'Start the local stack again: it begins with this value.' : settable.follows;
  session.answer({ secret: fullName, ...stored }, `${fullName} has a new value. ${follows}`);
}

/** A value of the secret's shape, from a prompt or from standard input. Throws Refusal, which never says what was given. */
async function readValue({ fields, bare, schema, example }: Settable, terminal: Terminal): Promise<unknown> {
  const { stdin } = terminal;
  const given = stdin.isTTY ? await askFor(fields, terminal) : await readInput(stdin, bare);
  const parsed = schema(await import('../../lib/secrets.ts')).safeParse(given);
  const wrong = parsed.success ? unprintable(parsed.data) : (parsed.error.issues[0]?.path[0] ?? 'value');
  if (wrong === undefined) return parsed.data;
  const expected = stdin.isTTY
    ? 'It has no spaces, and a client_id is a number.'
    : `Standard input is to be ${example}.`;
  throw new Refusal(`No usable ${String(wrong)} was given; nothing was changed. ${expected}`);
}

/** The field with a space or a control character in it: it could become no header, and was pasted with too much around it. */
function unprintable(value: Record<string, string>): string | undefined {
  return Object.keys(value).find((field) => !/^[\x21-\x7e]+$/.test(value[field] ?? ''));
}

function isSettable(name: string): name is SettableName {
  return Object.hasOwn(settables, name);
}

function help(): string {
  const examples = Object.entries<Settable>(settables).map(([name, { example }]) => `  ${name.padEnd(20)}${example}`);
  return `\nStandard input, when it is no terminal:\n${examples.join('\n')}\n`;
}
