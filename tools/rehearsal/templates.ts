import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A resource of a template. */
interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

/** A template, as far as the rehearsal reads it. */
interface Template {
  Resources: Record<string, Resource>;
}

/** A kind of resource that the emulator does not create as it is. */
interface Limit {
  description: string;
  matches: (resource: Resource) => boolean;
  /** The resource that the emulator creates instead; undefined: none. */
  replacement: (resource: Resource) => Resource | undefined;
  substitute: string;
}

/** The limits of MiniStack. Every rehearsal checks that they still exist. */
const limits: readonly Limit[] = [
  {
    description: 'schedules of rotations',
    matches: ({ Type }) => Type === 'AWS::SecretsManager::RotationSchedule',
    replacement: () => undefined,
    substitute: 'RotateSecret with the same function and rules',
  },
  {
    description: 'alarms with metric math',
    matches: ({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && Properties['Metrics'] !== undefined,
    replacement: ({ Properties: { Metrics, ...rest }, ...resource }) => ({
      ...resource,
      Properties: { ...rest, ...firstMetric(Metrics) },
    }),
    substitute: 'an alarm on its first metric',
  },
];

function firstMetric(metrics: unknown): Record<string, unknown> {
  type Entry = { MetricStat?: { Metric: Record<string, unknown>; Period: number; Stat: string } };
  const stat = (metrics as Entry[]).find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat; // CloudFormation's shape.
  return { ...stat?.Metric, Period: stat?.Period, Statistic: stat?.Stat };
}

/** A value that is written differently because the emulator interprets it differently from AWS. */
interface Rewrite {
  description: string;
  /** Returns the new value, or the same one. */
  rewrite: (value: object, template: Template) => unknown;
}

const withoutTls = JSON.stringify({ Bool: { 'aws:SecureTransport': 'false' } });

const rewrites: readonly Rewrite[] = [
  {
    description: 'references to secrets by ARN: the emulator resolves Ref to a name, which a policy cannot contain',
    rewrite: (value, { Resources }) =>
      'Ref' in value && Resources[String(value.Ref)]?.Type === 'AWS::SecretsManager::Secret'
        ? { 'Fn::GetAtt': [value.Ref, 'Id'] }
        : value,
  },
  {
    description:
      'statements without their condition on dynamodb:LeadingKeys: the emulator lacks the key and denies every call',
    rewrite(value) {
      if (!('Condition' in value) || !JSON.stringify(value.Condition).includes('"dynamodb:LeadingKeys"')) return value;
      return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'Condition'));
    },
  },
  {
    description: 'statements that deny calls without TLS: the emulator has only HTTP',
    rewrite: (value) => (JSON.stringify(value) === withoutTls ? { Bool: { 'aws:SecureTransport': 'never' } } : value),
  },
];

/** A resource that the emulator does not create as it is. */
export interface Exception {
  logicalId: string;
  resource: Resource;
  limit: Limit;
  isReplaced: boolean;
}

/** A synthesized environment, changed for the emulator. */
export interface AdaptedTemplates {
  templates: readonly Template[];
  /** The number of synthesized resources. */
  resources: number;
  exceptions: readonly Exception[];
  /** The number and the description of each rewrite. */
  rewritten: readonly string[];
}

/** Changes the templates of an assembly, in place: the URL of Budgea, and everything that the emulator does not support. */
export async function adaptTemplates(assembly: string, budgeaUrl: string): Promise<AdaptedTemplates> {
  const files = (await readdir(assembly, { recursive: true })).filter((file) => file.endsWith('.template.json'));
  const templates: Template[] = [];
  const exceptions: Exception[] = [];
  const counts = rewrites.map(() => 0);
  let resources = 0;
  for (const file of files.map((name) => join(assembly, name))) {
    const synthesized = JSON.parse(await readFile(file, 'utf8')) as Template; // The CDK wrote it.
    resources += Object.keys(synthesized.Resources).length;
    setBudgeaUrl(budgeaUrl, synthesized);
    exceptions.push(...applyLimits(synthesized));
    const template = applyRewrites(synthesized, counts);
    await writeFile(file, JSON.stringify(template));
    templates.push(template);
  }
  const rewritten = rewrites.map(({ description }, index) => `${counts[index]} ${description}`);
  return { templates, resources, exceptions, rewritten };
}

function setBudgeaUrl(url: string, { Resources }: Template): void {
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> }; // Every function has one.
    Variables['BUDGEA_URL'] = url;
  }
}

function applyLimits({ Resources }: Template): Exception[] {
  return Object.entries(Resources).flatMap(([logicalId, resource]) => {
    const limit = limits.find(({ matches }) => matches(resource));
    if (limit === undefined) return [];
    const replacement = limit.replacement(resource);
    if (replacement === undefined) delete Resources[logicalId];
    else Resources[logicalId] = replacement;
    return [{ logicalId, resource, limit, isReplaced: replacement !== undefined }];
  });
}

function applyRewrites(template: Template, counts: number[]): Template {
  return JSON.parse(JSON.stringify(template), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    return rewrites.reduce<unknown>((before, { rewrite }, index) => {
      const after = rewrite(before as object, template);
      if (after !== before) counts[index] = (counts[index] ?? 0) + 1;
      return after;
    }, value);
  }) as Template; // Rewrites keep the shape.
}
