import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addDoctor } from './doctor/doctor.ts';
import { exitCodeOf, explain } from './explain.ts';
import { addPartners } from './partners/partners.ts';
import { addSecrets } from './secrets/secrets.ts';
import { createSession, type Session, type Terminal } from './session.ts';

/** Runs one command line and gives its exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = createProgram(terminal);
  const session = createSession(program, terminal);
  addPartners(program, session);
  addSecrets(program, session);
  addDoctor(program, session);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return complain(error, session);
  }
}

const examples = `
With --env, AWS credentials and region come from where the AWS CLI finds them.

Examples:
  npm run gateway -- partners create --name Acme --redirect-uri https://acme.example/back
  npm run gateway -- partners list --env dev
  npm run gateway -- secrets status --env dev
  npm run gateway -- secrets set admin-token --env dev
  npm run gateway -- doctor --env dev
`;

/** The program without its commands, which take its settings over. */
function createProgram({ stdout, stderr }: Terminal): Command {
  return new Command('npm run gateway --')
    .description(
      'Manages and examines a gateway, its partners and its secrets: of the local stack, or of a deployed environment.',
    )
    .addOption(new Option('--data <dir>', 'state folder of a local stack, which must be running').default('.local'))
    .addOption(new Option('--env <name>', 'deployed environment').argParser(environmentName).conflicts('data'))
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', examples)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(withoutSecrets(text)),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .exitOverride();
}

function complain(error: unknown, session: Session): number {
  // Commander has said already what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  session.note(`error: ${explain(error, session.target())}`);
  return exitCodeOf(error);
}

function environmentName(text: string): string {
  if (text === 'local') throw new InvalidArgumentError('The local stack needs no --env; --data names its folder.');
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(text)) throw new InvalidArgumentError('Name one such as dev, staging or prod.');
  return text;
}

/** Commander quotes what it does not understand: a secret may have been put there. */
function withoutSecrets(complaint: string): string {
  return complaint
    .replace(/(too many arguments.* but got \d+): .*$/s, '$1.\n')
    .replace(/(unknown option '(?:--[\w-]*|-\w?))[^']*'/, "$1'")
    .replaceAll(/bgk_\w+/g, 'bgk_…');
}
