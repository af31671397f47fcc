import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { describeError, exitCodeOf } from './describe-error.ts';
import { addDoctor } from './doctor/doctor.ts';
import { addClaim } from './partners/claim.ts';
import { addGrants } from './partners/grants.ts';
import { addKeys } from './partners/keys.ts';
import { addPartners } from './partners/partners.ts';
import { addRedirects } from './partners/redirects.ts';
import { addRotate } from './secrets/rotate.ts';
import { addSet } from './secrets/set.ts';
import { addStatus } from './secrets/status.ts';
import { createSession, type GlobalOptions } from './session.ts';
import { addTail } from './tail/tail.ts';
import { painted, paintFor, paints, type Output, type Paint, type Terminal } from './terminal.ts';

/** Runs a command line and returns its exit code: 0 success, 1 error, 2 wrong usage, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = createProgram(terminal);
  const session = createSession(program, terminal);
  const partners = program.command('partners').description('Manage the applications that may call the gateway');
  for (const add of [addPartners, addKeys, addGrants, addRedirects, addClaim]) add(partners, session);
  const secrets = program.command('secrets').description('Manage the secrets that the gateway signs and seals with');
  for (const add of [addStatus, addSet, addRotate]) add(secrets, session);
  addDoctor(program, session);
  addTail(program, session);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed its message, or the requested help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    session.printError(describeError(error, session.target()));
    return exitCodeOf(error);
  }
}

/** Creates the program without its commands, which inherit its settings. */
export function createProgram({ stdout, stderr }: Terminal): Command {
  const program = new Command('npm run gateway --');
  const paintOn = (stream: Output): Paint => paintFor(stream, program.opts<GlobalOptions>().color);
  return program
    .description('Manage and observe a gateway, its partners and its secrets, on the local stack or deployed')
    .addOption(new Option('--data <dir>', 'State folder of a running local stack').default('.local'))
    .addOption(new Option('--env <name>', 'Deployed environment').argParser(environmentName).conflicts('data'))
    .option('--json', 'Print JSON instead of text')
    .option('--no-color', 'Print without colours; NO_COLOR and FORCE_COLOR also apply')
    .helpOption('-h, --help', 'Show help for a command')
    .helpCommand('help [command]', 'Show help for a command')
    .addHelpText('after', ({ error }) => epilogue(paintOn(error ? stderr : stdout)))
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      styleTitle: (text) => painted('title', text),
      styleSubcommandText: (text) => painted('command', text),
      styleOptionText: (text) => painted('command', text),
    })
    .showHelpAfterError('Run the command with --help for its usage.')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(redact(text).replace(/^error:/, paintOn(stderr)('error', 'error:'))),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
      // Commander removes the colours of the help where these return false.
      getOutHasColors: () => paints(paintOn(stdout)),
      getErrHasColors: () => paints(paintOn(stderr)),
    })
    .exitOverride();
}

const epilogue = (paint: Paint): string => `
${paint('title', 'Exit codes:')}
  0    success
  1    error, or a problem was found
  2    wrong usage
  130  interrupted

${paint('title', 'Examples:')}
  npm run gateway -- partners create --name Acme --redirect-uri https://acme.example/back
  npm run gateway -- partners list --env dev
  npm run gateway -- secrets status --env dev
  npm run gateway -- secrets set admin-token --env dev
  npm run gateway -- doctor --env dev
  npm run gateway -- tail --failed --since 10m

With --env, AWS credentials and the region are resolved as by the AWS CLI.
`;

function environmentName(text: string): string {
  if (text === 'local') throw new InvalidArgumentError('The local stack needs no --env; --data selects its folder.');
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(text))
    throw new InvalidArgumentError('Expected a name such as dev, staging or prod.');
  return text;
}

/** Commander quotes arguments that it does not recognize, which may be secrets. */
function redact(message: string): string {
  return message
    .replace(/(too many arguments.* but got \d+): .*$/s, '$1.\n')
    .replace(/(unknown option '(?:--[\w-]*|-\w?))[^']*'/, "$1'")
    .replaceAll(/bgk_\w+/g, 'bgk_…');
}
