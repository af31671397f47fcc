import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits, type Limit } from './limits.ts';
import { rewriteAll, rewrites } from './rewrites.ts';

/** One resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

/** A template, as far as the rehearsal looks at it. */
export interface Template {
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
  templates: readonly Template[];
  /** How many resources were synthesized. */
  resources: number;
  exceptions: readonly Exception[];
  /** What else is said otherwise. */
  rewritten: readonly string[];
}

/** Changes synthesized templates, in place, so far that they can be rehearsed: which Budgea is called, and what the emulator does not make. */
export async function adaptTemplates(assembly: string, budgeaUrl: string): Promise<Adapted> {
  const files = (await readdir(assembly, { recursive: true })).filter((file) => file.endsWith('.template.json'));
  const templates: Template[] = [];
  const exceptions: Exception[] = [];
  const totals = rewrites.map(() => 0);
  let resources = 0;
  for (const file of files.map((name) => join(assembly, name))) {
    const synthesized = JSON.parse(await readFile(file, 'utf8')) as Template; // The CDK wrote it.
    resources += Object.keys(synthesized.Resources).length;
    callBudgeaAt(budgeaUrl, synthesized);
    exceptions.push(...takeOut(synthesized));
    const { template, counts } = rewriteAll(synthesized);
    for (const [index, count] of counts.entries()) totals[index] = (totals[index] ?? 0) + count;
    await writeFile(file, JSON.stringify(template));
    templates.push(template);
  }
  const rewritten = rewrites.map(({ about }, index) => `${totals[index]} ${about}`);
  return { templates, resources, exceptions, rewritten };
}

function callBudgeaAt(url: string, { Resources }: Template): void {
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> }; // Every function has some.
    Variables['BUDGEA_URL'] = url;
  }
}

/** Takes out what the emulator does not make, or puts something else in its place. */
function takeOut({ Resources }: Template): Exception[] {
  return Object.entries(Resources).flatMap(([logicalId, resource]) => {
    const limit = limits.find(({ matches }) => matches(resource));
    if (limit === undefined) return [];
    const instead = limit.instead(resource);
    if (instead === undefined) delete Resources[logicalId];
    else Resources[logicalId] = instead;
    return [{ logicalId, resource, limit, isReplaced: instead !== undefined }];
  });
}
