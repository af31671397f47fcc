import { Command, InvalidArgumentError, Option } from 'commander';
import { painted, paintFor, paints, type Paint } from './paint.ts';
import type { Output, Terminal } from './terminal.ts';

/** The settings of every command. */
export interface GlobalOptions {
  data: string;
  env?: string;
  json?: true;
  color: boolean;
}

/** The program without its commands, which take its settings over. */
export function createProgram({ stdout, stderr }: Terminal): Command {
  const program = new Command('npm run gateway --');
  const paintOn = (stream: Output): Paint => paintFor(stream, program.opts<GlobalOptions>().color);
  return program
    .description(
      'Manages, examines and follows a gateway, its partners and its secrets: of the local stack, or of a deployed environment.',
    )
    .addOption(new Option('--data <dir>', 'state folder of a local stack, which must be running').default('.local'))
    .addOption(new Option('--env <name>', 'deployed environment').argParser(environmentName).conflicts('data'))
    .option('--json', 'print JSON instead of text')
    .option('--no-color', 'no colours; NO_COLOR and FORCE_COLOR are heeded too')
    .addHelpText('after', ({ error }) => epilogue(paintOn(error ? stderr : stdout)))
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      styleTitle: (text) => painted('title', text),
      styleSubcommandText: (text) => painted('command', text),
      styleOptionText: (text) => painted('command', text),
    })
    .showHelpAfterError('Add --help to see what it takes.')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(withoutSecrets(text).replace(/^error:/, paintOn(stderr)('bad', 'error:'))),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
      // Of help that was painted, commander takes the colours away again.
      getOutHasColors: () => paints(paintOn(stdout)),
      getErrHasColors: () => paints(paintOn(stderr)),
    })
    .exitOverride();
}

const epilogue = (paint: Paint): string => `
${paint('title', 'Exit codes:')}
  0    done
  1    refused, failed, or found something wrong
  2    wrong usage
  130  interrupted

${paint('title', 'Examples:')}
  npm run gateway -- partners create --name Acme --redirect-uri https://acme.example/back
  npm run gateway -- partners list --env dev
  npm run gateway -- secrets status --env dev
  npm run gateway -- secrets set admin-token --env dev
  npm run gateway -- doctor --env dev
  npm run gateway -- tail --failed --since 10m

With --env, AWS credentials and region come from where the AWS CLI finds them.
`;

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
