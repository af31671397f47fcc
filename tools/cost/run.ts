import { Argument, Command, InvalidArgumentError } from 'commander';
import { environments } from '#infra/environments.ts';
import { modelOf, type Usage } from './model.ts';
import { prices } from './prices.ts';
import { report } from './report.ts';

type Name = keyof typeof environments;
type Options = Usage & { json?: true };

const names = Object.keys(environments);

new Command('npm run cost --')
  .description('Estimates the monthly cost of an environment of infra/environments.ts, line by line.')
  .addArgument(new Argument('<environment>', names.join(', ')).choices(names))
  .requiredOption('--calls <n>', 'calls a month, such as 200k, 5M or 1.5B', count)
  .requiredOption('--partners <n>', 'partners that make the calls', count)
  .option('--users <n>', 'users in the table', count, 100_000)
  .option('--upstream-ms <n>', 'response time of Budgea, in milliseconds', count, 300)
  .option('--json', 'print JSON instead of text')
  .addHelpText('after', '\nExample:\n  npm run cost -- dev --calls 5M --partners 40\n')
  .action((name: Name, { json, ...usage }: Options) => {
    const settings = environments[name];
    const lines = modelOf(settings, usage);
    const { region, asOf } = prices;
    process.stdout.write(
      json
        ? `${JSON.stringify({ environment: name, region, prices_as_of: asOf, currency: 'USD', ...usage, lines })}\n`
        : report(name, settings.certificateTypes, usage, lines),
    );
  })
  .parse();

function count(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kMB]?)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('Use a number such as 40, 200k, 5M or 1.5B.');
  return Math.round(Number(number) * { '': 1, k: 1e3, M: 1e6, B: 1e9 }[unit as '' | 'k' | 'M' | 'B']); // The pattern allows no other unit.
}
