import { join } from 'node:path';
import { bundleFunctions, type Bundle } from '#infra/bundle.ts';
import { classes } from './classes.ts';
import { measureCold } from './cold/cold.ts';
import { quick, thorough } from './effort.ts';
import { measureFar, roundTrips } from './far/far.ts';
import { measureConcurrency } from './growth/concurrency.ts';
import { measureTable } from './growth/table.ts';
import { readHeading } from './heading.ts';
import { partNames, type Measured, type PartName, type Parts } from './measured.ts';
import type { BenchOptions } from './options.ts';
import { installPeers } from './peers-installed.ts';
import { goalTable, partTables } from './report/tables.ts';
import { headingText, titled } from './report/terminal.ts';
import { measureSeal } from './seal/seal.ts';
import { measureServers } from './servers/servers.ts';
import { startSurroundings } from './surroundings/surroundings.ts';
import type { Going } from './turns.ts';
import { measureWarm } from './warm/warm.ts';

const titles: Record<PartName, string> = {
  sizes: 'Artefacts, minified',
  cold: 'Cold: a process from its start to its first answer',
  far: `From far away, over TLS: Budgea ${roundTrips.upstream} ms there and back, AWS ${roundTrips.aws} ms`,
  warm: 'Warm: fifty calls at once in one process, beside undici alone making the same requests',
  seal: 'Sealing',
  servers: 'As HTTP servers: check a key, sign, forward; fifty connections',
  concurrency: 'More calls at once, in one process',
  table: 'A fuller table',
};

/** Measures what is asked for, and prints each part as soon as it is there. Rejects after `signal`. */
export async function measure(folder: string, options: BenchOptions, signal: AbortSignal): Promise<Measured> {
  const effort = options.quick ? quick : thorough;
  const going: Going = { tell, signal };
  await installPeers(tell, signal);
  const heading = await readHeading(options.quick ?? false);
  process.stdout.write(headingText(heading));
  tell('bundling the functions');
  const bundles = await bundleFunctions(join(folder, 'functions'));
  const surroundings = await startSurroundings(folder, signal);
  const parts: Partial<Parts> = {};
  const measurers: Record<PartName, () => Promise<void>> = {
    sizes: async () => keep('sizes', sizesOf(bundles)),
    cold: async () => keep('cold', await measureCold(folder, bundles, surroundings, effort.cold.rounds, going)),
    far: async () => keep('far', await measureFar(folder, bundles, surroundings, effort.far.rounds, going)),
    warm: async () => keep('warm', await measureWarm(folder, bundles, surroundings, effort.warm, going)),
    seal: async () => keep('seal', await measureSeal(folder, surroundings, effort.seal, going)),
    servers: async () => keep('servers', await measureServers(folder, bundles, surroundings, effort.servers, going)),
    concurrency: async () =>
      keep('concurrency', await measureConcurrency(folder, bundles, surroundings, effort.concurrency, going)),
    table: async () => keep('table', await measureTable(folder, bundles, surroundings, effort.table, going)),
  };
  for (const name of options.only ?? partNames) await measurers[name]();
  const judged = goalTable(parts);
  if (judged.length > 1) process.stdout.write(titled('Goals', judged));
  return { heading, parts };

  function keep<Name extends PartName>(name: Name, measured: Parts[Name]): void {
    parts[name] = measured;
    process.stdout.write(titled(titles[name], partTables[name](measured)));
  }
}

function sizesOf(bundles: readonly Bundle[]): Parts['sizes'] {
  const known = bundles.filter(({ name }) => classes.forwarding.has(name) || classes.signing.has(name));
  return known.map(({ name, bytes }) => ({ name, bytes }));
}

function tell(progress: string): void {
  process.stderr.write(`${clock()} ${progress}\n`);
}

/** Minutes and seconds since the start. */
function clock(): string {
  const seconds = Math.floor(performance.now() / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
