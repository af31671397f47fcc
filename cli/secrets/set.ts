import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';
import { readStack } from '../target.ts';
import { budgeaOption, findBudgea, type Budgea } from './budgea.ts';
import { isSettable, settables, type Settable, type SettableName } from './catalog.ts';
import { readValue } from './input.ts';

interface Options {
  untested?: true;
  budgeaUrl?: string;
}

/** Adds `secrets set`. */
export function addSet(secrets: Command, session: Session): void {
  const names = Object.keys(settables);
  secrets
    .command('set')
    .description('Set a secret, typed at a prompt or piped in, once Budgea accepts it')
    // Without a parser, commander would quote an invalid choice, which may be the secret.
    .addArgument(new Argument('<secret>', 'Name of the secret').choices(names).argParser(String))
    .option('--untested', 'Store the value without testing it at Budgea')
    .addOption(budgeaOption())
    .allowExcessArguments()
    .addHelpText('after', help())
    .action(async (name: string, { untested, budgeaUrl }: Options, { args }: Command) => {
      if (!isSettable(name) || args.length > 1)
        throw new CliError(`Name the secret: ${names.join(' or ')}. Its value is never an argument.`, 2);
      await session.connect();
      if (untested) await setUntested(session, name);
      else await setTested(session, name, budgeaUrl);
    });
}

function help(): string {
  const examples = Object.entries<Settable>(settables).map(([name, { example }]) => `  ${name.padEnd(20)}${example}`);
  return `\nStandard input, unless it is a terminal:\n${examples.join('\n')}\n`;
}

async function setTested(session: Session, name: SettableName, budgeaUrl: string | undefined): Promise<void> {
  const settable = settables[name];
  // Found first: the operator types nothing if there is no Budgea to test with.
  const budgea = await findBudgea(session, budgeaUrl);
  const value = await readValue(settable, session.terminal);
  await requireAccepted(settable, value, budgea);
  const stored = await store(session, name, value);
  const result = { ...stored, tested: true };
  const text = `${stored.secret} has a new value, which Budgea accepts. ${settable.effect}`;
  if (name === 'admin-token') await rotateManageToken(session, result, text);
  else session.print(result, text);
}

async function setUntested(session: Session, name: SettableName): Promise<void> {
  const stored = await store(session, name, await readValue(settables[name], session.terminal));
  const { folder, option } = session.target();
  const isSandboxed = folder !== undefined && (await readStack(folder, option)).sandbox !== undefined;
  const minting = name === 'admin-token' ? ' The next rotation of the manage token uses it.' : '';
  const effect = isSandboxed
    ? 'The sandbox accepts it once the local stack is started again.'
    : `${settables[name].effect}${minting}`;
  session.print({ ...stored, tested: false }, `${stored.secret} has a new value, which was not tested. ${effect}`);
}

async function store(session: Session, name: SettableName, value: Record<string, string>) {
  const { storeSecret } = await import('./state.ts');
  return storeSecret(session.target(), name, value);
}

/** Throws CliError unless Budgea accepts the value. */
async function requireAccepted(
  { noun, verify, control }: Settable,
  value: Record<string, string>,
  budgea: Budgea,
): Promise<void> {
  const verifiers = await import('./verify.ts');
  const { outcome, reason } = await verifiers[verify](value, budgea);
  if (outcome === 'accepted') return;
  if (outcome === 'unknown') {
    throw new CliError(
      `Budgea at ${budgea.url} neither accepts nor rejects the ${noun} (${reason}); nothing was changed. Try again, or store the value without a test with --untested.`,
    );
  }
  const rejected = `Budgea rejects the ${noun} (${reason}); nothing was changed.`;
  if (!budgea.sandbox) throw new CliError(`${rejected} Check that the value belongs to ${budgea.url}.`);
  throw new CliError(
    `${rejected} The sandbox accepts the value that it was started with. Change it there first, as at Budgea’s console:\n  curl ${new URL('/_sandbox/', budgea.url).href}${control}\nOr store the value with --untested: the sandbox accepts it once the local stack is started again.`,
  );
}

/** Mints a manage token with the new admin token. The admin token stays set if this fails. */
async function rotateManageToken(session: Session, result: object, text: string): Promise<void> {
  session.note('Budgea accepts the admin token, and it is stored. Rotating the manage token with it:');
  const { rotateNow } = await import('./rotation.ts');
  try {
    // A pending version was started with the previous token.
    const version_id = await rotateNow(session, 'manage-token', 'any');
    session.print({ ...result, rotated: { version_id } }, `${text} The manage token is rotated.`);
  } catch (error) {
    session.print(result, text);
    throw error;
  }
}
