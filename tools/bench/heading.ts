import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { nginxVersion } from './servers/nginx.ts';

/** Where and when a run was made, and with what. */
export interface Heading {
  /** The day, ISO 8601. */
  day: string;
  machine: string;
  system: string;
  node: string;
  /** Whether it was the shorter run. */
  quick: boolean;
  /** What was running on the machine before, as a number of busy processors. */
  load: number;
  peers: string[];
}

/** Looks at the machine and at the versions of the peers. */
export async function readHeading(quick: boolean): Promise<Heading> {
  const text = await readFile(join(import.meta.dirname, 'peers/package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> }; // It is the peers' own.
  const peers = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const [cpu] = cpus();
  return {
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpu?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()}`,
    node: process.version,
    quick,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    peers: [...peers, (await nginxVersion())?.replace('/', ' ') ?? 'no nginx'],
  };
}

/** Whether other work on the machine will be in the figures. */
export function isBusy({ load }: Heading): boolean {
  return load > availableParallelism() / 4;
}
