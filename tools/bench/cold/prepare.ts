import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '#infra/bundle.ts';
import { bundlePeers } from '../peers.ts';
import { eventOf, type Call } from '../surroundings/calls.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import type { Startable } from './start.ts';

/** The functions that callers wait for, each with a call that succeeds. */
export async function prepareFunctions(
  folder: string,
  bundles: readonly Bundle[],
  { calls, variablesOf }: Surroundings,
): Promise<Startable[]> {
  const startables = bundles.map(async ({ name, file }) => {
    const call = calls[name];
    if (call === undefined) return [];
    return [{ name, bundle: file, event: await writeEvent(folder, name, call), variables: variablesOf(name) }];
  });
  return (await Promise.all(startables)).flat();
}

/** Peers, by the folder of each. */
export async function preparePeers(
  folder: string,
  { peerCall, peerVariables: variables }: Surroundings,
  names: readonly string[],
): Promise<Startable[]> {
  const event = await writeEvent(folder, 'peers', peerCall);
  const files = await bundlePeers(join(folder, 'peers'), names);
  return [...files].map(([name, bundle]) => ({ name, bundle, event, variables }));
}

async function writeEvent(folder: string, name: string, call: Call): Promise<string> {
  const events = join(folder, 'events');
  await mkdir(events, { recursive: true });
  await writeFile(join(events, `${name}.json`), JSON.stringify(eventOf(call)));
  return join(events, `${name}.json`);
}
