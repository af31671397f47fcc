import { environments } from '#infra/environments.ts';
import type { EnvironmentSettings } from '#infra/settings.ts';
import { resourceName } from '#infra/names.ts';
import { nowhere } from './place.ts';

/** An environment that is rehearsed. */
export interface Rehearsed {
  name: string;
  settings: EnvironmentSettings;
  account: string;
  region: string;
  stacks: { foundation: string; gateway: string };
}

/** The environment of that name. Throws when `infra/environments.ts` has none. */
export function rehearsed(name: string): Rehearsed {
  const settings = new Map<string, EnvironmentSettings>(Object.entries(environments)).get(name);
  if (settings === undefined) throw new Error(`Name an environment: ${Object.keys(environments).join(', ')}.`);
  const { account = nowhere.account, region = nowhere.region } = settings;
  const stacks = { foundation: resourceName(name, 'foundation'), gateway: resourceName(name, 'gateway') };
  return { name, settings, account, region, stacks };
}
