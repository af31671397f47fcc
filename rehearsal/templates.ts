import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits, type Limit } from './limits.ts';

/** One resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

interface Template {
  Resources: Record<string, Resource>;
}

/** A resource that the emulator does not make as it is. */
export interface Exception {
  logicalId: string;
  resource: Resource;
  limit: Limit;
  isReplaced: boolean;
}

/** What became of a synthesized environment. */
export interface Adapted {
  /** How many resources were synthesized. */
  resources: number;
  exceptions: readonly Exception[];
}

/** Changes synthesized templates, in place, so far that they can be rehearsed: which Budgea is called, and what the emulator does not make. */
export async function adaptTemplates(assembly: string, budgeaUrl: string): Promise<Adapted> {
  const files = (await readdir(assembly, { recursive: true })).filter((file) => file.endsWith('.template.json'));
  const adapted = await Promise.all(files.map((file) => adapt(join(assembly, file), budgeaUrl)));
  return {
    resources: adapted.reduce((sum, { resources }) => sum + resources, 0),
    exceptions: adapted.flatMap(({ exceptions }) => exceptions),
  };
}

async function adapt(file: string, budgeaUrl: string): Promise<Adapted> {
  const template = JSON.parse(await readFile(file, 'utf8')) as Template; // The CDK wrote it.
  const all = Object.entries(template.Resources);
  const exceptions: Exception[] = [];
  for (const [logicalId, resource] of all) {
    const limit = limits.find(({ matches }) => matches(resource));
    if (limit !== undefined) {
      const instead = limit.instead(resource);
      exceptions.push({ logicalId, resource, limit, isReplaced: instead !== undefined });
      if (instead === undefined) delete template.Resources[logicalId];
      else template.Resources[logicalId] = instead;
    }
    if (resource.Type === 'AWS::Lambda::Function') variablesOf(resource)['BUDGEA_URL'] = budgeaUrl;
  }
  await writeFile(file, JSON.stringify(template));
  return { resources: all.length, exceptions };
}

function variablesOf({ Properties }: Resource): Record<string, unknown> {
  return (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables; // Every function has some.
}
