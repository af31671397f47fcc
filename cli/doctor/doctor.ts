import { InvalidArgumentError, Option, type Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { budgeaOption } from '../secrets/budgea.ts';
import type { Session } from '../session.ts';
import type { Paint } from '../terminal.ts';
import type { Result } from './check.ts';
import type { Context, ContextOptions } from './context.ts';

/** Adds `doctor`. */
export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('Check every link of the gateway and show how to solve problems; exits with 1 if there are any')
    .addOption(budgeaOption())
    .addOption(
      new Option(
        '--gateway-url <url>',
        'Base URL of the gateway, /2.0 included, in place of the environment’s',
      ).argParser(httpUrl),
    )
    .action((options: ContextOptions) => examine(session, options));
}

function httpUrl(text: string): string {
  const { protocol = '', search = '', hash = '' } = URL.parse(text) ?? {};
  if (!/^https?:$/.test(protocol) || search + hash !== '')
    throw new InvalidArgumentError('Expected a URL, such as https://gateway.example/2.0.');
  return text.replace(/\/+$/, '');
}

async function examine(session: Session, options: ContextOptions): Promise<void> {
  await session.connect();
  const { createContext } = await import('./context.ts');
  const { checksOf } = await import('./checks.ts');
  const { runChecks } = await import('./check.ts');
  const context = await createContext(session, options);
  const checks = checksOf(context);
  const results = await runChecks(checks, context, (done) => session.progress(`${done} of ${checks.length} checks …`));
  const callback = await callbackOf(context);
  const faults = results.filter(({ state }) => state === 'wrong').length;
  session.print(
    { environment: context.environment, healthy: faults === 0, callback_uri: callback, checks: results },
    report(results, callback, session.look().paint),
  );
  if (faults > 0) throw new CliError(`${faults} of ${results.length} checks failed.`);
}

/** Returns the redirect URI for Budgea's console; undefined if the gateway's address is not known. */
async function callbackOf(context: Context): Promise<string | undefined> {
  const { operations } = await import('#lib/operations/table.ts');
  const gateway = await context.gateway().catch(() => undefined);
  return gateway === undefined ? undefined : gateway + operations.webauth_callback_get.path;
}

function report(results: readonly Result[], callback: string | undefined, paint: Paint): string {
  const marks = { ok: paint('success', '✓'), wrong: paint('error', '✗'), open: paint('warning', '–') };
  const width = Math.max(...results.map(({ check }) => check.length));
  const lines = results.flatMap(({ check, state, text, commands = [] }) => [
    `${marks[state]} ${check.padEnd(width)}  ${text}`,
    ...commands.map((command) => `    ${paint('command', command)}`),
  ]);
  const whitelist = ['', 'The redirect URI for the whitelist in Budgea’s console:', `  ${callback}`];
  return [...lines, ...(callback === undefined ? [] : whitelist)].join('\n');
}
