import { Command, InvalidArgumentError } from 'commander';

/** How much to soak. */
export interface SoakOptions {
  /** The calls to make at least; they go on while there are rotations to come. */
  calls: number;
  rotations: number;
  instances: number;
}

/** Reads the command line; with `--help` or a wrong option the process ends here. */
export function readOptions(): SoakOptions {
  return new Command('npm run soak --')
    .description(
      'Makes manage-signed calls from many warm function instances while the manage token rotates again and again, and counts at the ' +
        'servers what that cost. Everything runs in this process and on loopback; it ends by itself within nine minutes.',
    )
    .option('--calls <n>', 'calls to make at least', wholeFrom(1, 1_000_000), 50_000)
    .option('--rotations <n>', 'rotations of the manage token meanwhile', wholeFrom(1, 10_000), 200)
    .option('--instances <n>', 'function instances that make the calls', wholeFrom(1, 100), 20)
    .parse()
    .opts<SoakOptions>();
}

function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}
