import { Command, CommanderError } from 'commander';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { isLoopback } from '#lib/loopback.ts';
import { assumptions, questions } from './assumptions.ts';
import { InvalidInput, readCredentials, type Terminal } from './credentials.ts';
import { openDomain, systemClock, type Clock } from './domain.ts';
import {
  breakingDifferences,
  investigate,
  NoResponse,
  type PromptOperator,
  type Findings,
  type Need,
} from './investigation.ts';
import { probes } from './probes.ts';
import { jsonReport, markdownReport, usersLine } from './report.ts';
import { openUsers } from './users.ts';

interface Options {
  upstream: string;
  create?: true;
  burst?: true;
  slow?: true;
  browser?: true;
  report?: string;
  json?: string;
}

const help = `
Credentials come from prompts, or from standard input as JSON with any of
client_id, client_secret, users_token, config_token, admin_token.

Exit codes: 0 no difference breaks a partner, 1 one does, 2 wrong usage or no response, 130 interrupted.

Examples:
  npm run contract -- --upstream https://NAME-sandbox.biapi.pro/2.0
  npm run contract -- --upstream https://NAME-sandbox.biapi.pro/2.0 --create --burst --report first-contact.md
  npm run --silent contract -- --upstream http://127.0.0.1:3001/2.0 --create < credentials.json
`;

/** Runs one command line and returns its exit code. */
export async function main(args: readonly string[], terminal: Terminal, clock: Clock = systemClock): Promise<number> {
  const { stdout, stderr, signal } = terminal;
  const command = new Command('npm run contract --')
    .description('Compares a Budgea domain with what this project assumes about it. Without flags it creates nothing.')
    .requiredOption('--upstream <url>', 'the base URL of the API: https, or http on loopback', readUpstream)
    .option('--create', 'create users, and delete them at the end')
    .option('--burst', 'make 31 calls in a minute to find the rate limit')
    .option('--slow', 'wait 31 minutes for the end of a code')
    .option('--browser', 'on a terminal: print addresses to open, and prompt for what you see')
    .option('--report <file>', 'write the report as Markdown to a file instead of standard output', requireWritable)
    .option('--json <file>', 'write the report as JSON to a file', requireWritable)
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // Commander repeats what was typed, which can be a credential.
      outputError: () => {},
    });
  try {
    command.parse(args, { from: 'user' });
    return await run(command.opts<Options>(), terminal, clock);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (signal.aborted || isInterruption(error)) return 130;
    stderr.write(`${usageError(error)}\n`);
    return 2;
  }
}

/** Returns the sentence for an error that the operator can correct; throws any other. */
function usageError(error: unknown): string {
  if (error instanceof CommanderError) return 'The options are not valid: see --help. Credentials are never options.';
  if (error instanceof InvalidInput || error instanceof NoResponse) return error.message;
  throw error;
}

/** Ctrl-C at a prompt: the terminal sends no signal then. */
function isInterruption(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortError');
}

async function run(options: Options, terminal: Terminal, clock: Clock): Promise<number> {
  const { stdout, stderr, signal } = terminal;
  const { upstream, report, json } = options;
  const credentials = await readCredentials(terminal);
  const send = openDomain(upstream, clock);
  const users = openUsers(send, clock);
  const flags = new Set<Need>();
  for (const name of ['create', 'burst', 'slow', 'browser'] as const) if (options[name]) flags.add(`--${name}`);
  if (terminal.stdin.isTTY !== true) flags.delete('--browser');

  let findings: Findings;
  try {
    findings = await investigate(
      {
        upstream,
        send,
        clock,
        users,
        credentials,
        flags,
        prompt: promptOn(terminal),
        signal,
        onProgress: progressOn(stderr),
      },
      probes,
    );
  } finally {
    await users.deleteAll();
    reportUsers();
  }

  const finished = { ...findings, upstream, date: new Date(clock.now()).toISOString(), users: countUsers() };
  if (report === undefined) stdout.write(markdownReport(finished));
  else writeFileSync(report, markdownReport(finished));
  if (json !== undefined) writeFileSync(json, jsonReport(finished));
  const breaking = breakingDifferences(findings);
  for (const id of breaking) {
    stderr.write(`Breaks a partner: ${id}. ${assumptions[id].statement} ${assumptions[id].ifWrong}\n`);
  }
  return breaking.length > 0 ? 1 : 0;

  function countUsers() {
    const notDeleted = users.all.filter(({ isDeleted }) => !isDeleted).length;
    return { created: users.all.length, notDeleted, untraceable: users.untraceable() };
  }

  /** The ids of users that are left go to the terminal only: reports hold no id. */
  function reportUsers(): void {
    stderr.write(`Users: ${usersLine(countUsers())}.\n`);
    for (const { id, isDeleted } of users.all) {
      if (!isDeleted) stderr.write(`Not deleted: the user ${id ?? 'whose id the domain did not return'}.\n`);
    }
  }
}

function readUpstream(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username + url.password + url.search + url.hash !== '') {
    throw new InvalidInput('--upstream takes a URL without credentials, query and fragment.');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw new InvalidInput('--upstream takes https, or http on loopback.');
  }
  return url.origin + url.pathname.replace(/\/$/, '');
}

/** Rejects a file that cannot be written before the first call instead of after the last one. */
function requireWritable(file: string): string {
  try {
    writeFileSync(file, '', { flag: 'a' });
    return file;
  } catch {
    throw new InvalidInput('The file cannot be written.');
  }
}

const total = Object.keys(questions).length;

/** A bar on a terminal, plain lines otherwise. */
function progressOn(stderr: Terminal['stderr']): Parameters<typeof investigate>[0]['onProgress'] {
  return (done, { number, outcome }) => {
    const line = `${done}/${total} question ${number}: ${outcome}`;
    if (stderr.isTTY !== true) stderr.write(`${line}\n`);
    else stderr.write(`\r\x1b[2K[${'#'.repeat(done).padEnd(total, '-')}] ${line}${done === total ? '\n' : ''}`);
  };
}

function promptOn({ stdin, stderr, signal }: Terminal): PromptOperator {
  return async (instructions, choices) => {
    const lines = createInterface({ input: stdin, output: stderr, terminal: true });
    try {
      stderr.write(`\n${instructions}\n${choices.map((choice, index) => `  ${index + 1} ${choice}`).join('\n')}\n`);
      for (;;) {
        const choice = choices[Number(await lines.question('What did you see? ', { signal })) - 1];
        if (choice !== undefined) return choice;
      }
    } finally {
      lines.close();
    }
  };
}
