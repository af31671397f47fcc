import { Command, Option } from 'commander';
import { partNames, type PartName } from './measured.ts';

/** What the command line asks for. */
export interface BenchOptions {
  quick?: true;
  only?: PartName[];
  report?: true;
  render?: true;
}

/** Reads the command line; with `--help` or a wrong option the process ends here. */
export function readOptions(): BenchOptions {
  return new Command('npm run bench --')
    .description(
      'Measures the deployed functions beside an empty one, undici, hono, fastify + http-proxy, express + axios and, where it is installed, nginx: cold ' +
        'starts near by and from far away, warm calls, as HTTP servers, with more calls at once and with a fuller table. Everything runs on loopback, by turns, so that the ' +
        'ratios hold on a busy machine too; times are goals, and a missed one is no failure. Takes under ten minutes.',
    )
    .option('--quick', 'fewer rounds and a smaller table: under two minutes')
    .addOption(new Option('--only <parts...>', 'these parts alone').choices(partNames))
    .addOption(new Option('--report', 'write docs/performance.md and its plots').conflicts('only'))
    .addOption(
      new Option('--render', 'write them again from the last report’s figures, without measuring').conflicts([
        'quick',
        'only',
        'report',
      ]),
    )
    .addHelpText(
      'after',
      '\nThe peers are installed into tools/bench/peers at the first run. Examples:\n' +
        '  npm run bench -- --quick\n  npm run bench -- --only cold sizes\n  npm run bench -- --report\n',
    )
    .parse()
    .opts<BenchOptions>();
}
