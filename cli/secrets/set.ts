import { Argument, type Command } from 'commander';
import { secretFullName } from '#lib/config/names.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { readStack } from '../target.ts';
import { budgeaOption, findBudgea, type Budgea } from './budgea.ts';
import { askFor, readInput } from './input.ts';
import { settables, type Settable, type SettableName } from './settable.ts';

const names = Object.keys(settables).join(' or ');

interface Options {
  untested?: true;
  budgeaUrl?: string;
}

/** `secrets set`: a new value, from a prompt or from standard input and never from the command line, once Budgea takes it. */
export function addSet(secrets: Command, session: Session): void {
  secrets
    .command('set')
    .description('give a secret a value, typed at a prompt or piped in, once Budgea takes it; never as an argument')
    .addArgument(new Argument('<secret>', 'which').choices(Object.keys(settables)).argParser(asTyped))
    .option('--untested', 'store it without asking Budgea')
    .addOption(budgeaOption())
    .allowExcessArguments()
    .addHelpText('after', help())
    .action(async (name: string, options: Options, { args }: Command) => {
      // Not left to commander, which would repeat what was typed.
      if (!isSettable(name) || args.length > 1)
        throw new Refusal(`Name the secret: ${names}. Its value is never an argument.`, 2);
      await session.connect();
      if (options.untested) await setUntested(session, name);
      else await setTested(session, name, options.budgeaUrl);
    });
}

/** Stores a value that Budgea takes, and puts it to use. */
async function setTested(session: Session, name: SettableName, budgeaUrl: string | undefined): Promise<void> {
  const settable = settables[name];
  // Asked for nothing in vain.
  const budgea = await findBudgea(session, budgeaUrl);
  const value = await readValue(settable, session.terminal);
  await prove(settable, value, budgea);
  const stored = await store(session, name, value);
  const answer = { ...stored, tested: true };
  const text = `${stored.secret} has a new value, which Budgea takes. ${settable.follows}`;
  if (name === 'admin-token') await mintWithIt(session, answer, text);
  else session.answer(answer, text);
}

async function setUntested(session: Session, name: SettableName): Promise<void> {
  const value = await readValue(settables[name], session.terminal);
  const stored = await store(session, name, value);
  const { folder, option } = session.target();
  const isSandboxed = folder !== undefined && (await readStack(folder, option)).sandbox !== undefined;
  const minting = name === 'admin-token' ? ' The next rotation of the manage token mints with it.' : '';
  const follows = isSandboxed
    ? 'The sandbox takes it when the local stack starts again.'
    : `${settables[name].follows}${minting}`;
  session.answer({ ...stored, tested: false }, `${stored.secret} has a new value, which was not tested. ${follows}`);
}

async function store(session: Session, name: SettableName, value: Record<string, string>) {
  const { environment } = session.target();
  const secret = secretFullName(environment, name);
  const { storeSecret } = await import('./store.ts');
  return { secret, ...(await storeSecret(secret, JSON.stringify(value), { create: environment === 'local' })) };
}

/** Throws Refusal unless Budgea takes the value. */
async function prove({ noun, proof, console }: Settable, value: Record<string, string>, budgea: Budgea): Promise<void> {
  const { outcome, because } = await proof(await import('./proofs.ts'))(value, budgea);
  if (outcome === 'accepted') return;
  if (outcome === 'unknown') {
    throw new Refusal(
      `Budgea at ${budgea.url} does not say whether it takes the ${noun} (${because}); nothing was changed. Try again, or store it all the same with --untested.`,
    );
  }
  const refused = `Budgea refuses the ${noun} (${because}); nothing was changed.`;
  if (!budgea.sandbox) throw new Refusal(`${refused} Check that it belongs to ${budgea.url}.`);
  const control = new URL('/_sandbox/', budgea.url).href + console;
  throw new Refusal(
    `${refused} The sandbox takes what it was started with. Tell it of a new one first, as one would at Budgea’s console:\n  curl ${control}\nOr store it with --untested: the sandbox takes it when the local stack starts again.`,
  );
}

/** Lets the rotation mint with the new admin token at once. The secret is set, whatever comes of that. */
async function mintWithIt(session: Session, answer: object, text: string): Promise<void> {
  session.note('Budgea takes the admin token, and it is stored. The manage token is to be minted with it:');
  const { rotateNow } = await import('./rotation.ts');
  try {
    // What is pending was begun with the token before.
    const version_id = await rotateNow(session, 'manage-token', 'any');
    session.answer({ ...answer, rotated: { version_id } }, `${text} The manage token is rotated.`);
  } catch (error) {
    session.answer(answer, text);
    throw error;
  }
}

/** A value of the secret's shape, from a prompt or from standard input. Throws Refusal, which never says what was given. */
async function readValue(
  { fields, bare, schema, example }: Settable,
  terminal: Terminal,
): Promise<Record<string, string>> {
  const { stdin } = terminal;
  const given = stdin.isTTY ? await askFor(fields, terminal) : await readInput(stdin, bare);
  const [v, secrets] = await Promise.all([import('valibot'), import('#lib/secrets/values.ts')]);
  const parsed = v.safeParse(schema(secrets)(), given);
  if (parsed.success && unprintable(parsed.output) === undefined) return parsed.output;
  const wrong = parsed.success ? unprintable(parsed.output) : (v.getDotPath(parsed.issues[0]) ?? 'value');
  const expected = stdin.isTTY
    ? 'It has no spaces, and a client_id is a number.'
    : `Standard input is to be ${example}.`;
  throw new Refusal(`No usable ${wrong} was given; nothing was changed. ${expected}`);
}

/** The field with a space or a control character in it: it could become no header, and was pasted with too much around it. */
function unprintable(value: Record<string, string>): string | undefined {
  return Object.keys(value).find((field) => !/^[\x21-\x7e]+$/.test(value[field] ?? ''));
}

/** Commander would quote what is none of the choices. */
function asTyped(text: string): string {
  return text;
}

function isSettable(name: string): name is SettableName {
  return Object.hasOwn(settables, name);
}

function help(): string {
  const examples = Object.entries<Settable>(settables).map(([name, { example }]) => `  ${name.padEnd(20)}${example}`);
  return `\nStandard input, when it is no terminal:\n${examples.join('\n')}\n`;
}
