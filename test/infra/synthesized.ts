import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll } from 'vitest';
import { environments } from '#infra/environments.ts';
import type { EnvironmentSettings } from '#infra/settings.ts';
import { EnvironmentStage } from '#infra/stacks/environment-stage.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { pages } from '#lib/operations/routes.ts';
import { everything } from './everything.ts';

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}

interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
}

/** A synthesized environment. */
export interface Synthesized {
  name: string;
  settings: EnvironmentSettings;
  app: App;
  stage: EnvironmentStage;
  foundation: Template;
  gateway: Template;
  /** The resources of a type in both stacks. */
  all: (type: string) => Resource[];
  /** Their properties, readable. */
  properties: (type: string) => Record<string, unknown>[];
  /** The properties of the only resource of a type, readable. Throws if there are none or several. */
  property: (type: string) => Record<string, unknown>;
  /** Replaces references by the names of what they refer to. */
  readable: (value: unknown) => unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'synthesized-'));
afterAll(() => rmSync(folder, { recursive: true }));

// The templates do not depend on the contents of the bundles.
for (const id of Object.keys({ ...operations, ...pages, ...jobs })) {
  mkdirSync(join(folder, functionName(id)));
  writeFileSync(join(folder, functionName(id), 'index.mjs'), '');
}

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

/** Synthesizes an environment without the validation of CloudFormation, which takes seconds. */
export function synthesize(name: string, settings: EnvironmentSettings): Synthesized {
  const app = new App({ outdir: join(folder, `cdk-${name}`), context, builtinCloudFormationValidation: false });
  const stage = new EnvironmentStage(app, name, { settings, bundles: folder });
  const assembly = stage.synth();
  const [foundation, gateway] = [stage.foundation, stage.gateway].map(
    ({ artifactId }) => assembly.getStackArtifact(artifactId).template as Template,
  ) as [Template, Template];
  const resources = { ...foundation.Resources, ...gateway.Resources };
  const all = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);
  const properties = (type: string) =>
    all(type).map(({ Properties }) => readable(Properties) as Record<string, unknown>);
  const property = (type: string) => {
    const [only, ...more] = properties(type);
    if (only === undefined || more.length > 0) throw new Error(`expected one ${type} and not ${all(type).length}`);
    return only;
  };
  return { name, settings, app, stage, foundation, gateway, all, properties, property, readable };

  function readable(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(readable);
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...more] = Object.entries(value);
    if (more.length === 0) {
      if (key === 'Ref') return nameOf(String(argument));
      if (key === 'Fn::GetAtt') {
        const [id, attribute] = argument as [string, string];
        return attribute === 'Arn' ? nameOf(id) : `${nameOf(id)}.${attribute}`;
      }
      if (key === 'Fn::ImportValue') {
        return readable(Object.values(foundation.Outputs ?? {}).find(({ Export }) => Export?.Name === argument)?.Value);
      }
      if (key === 'Fn::Join') {
        const [separator, parts] = argument as [string, unknown[]];
        return parts.map(readable).join(separator);
      }
    }
    return Object.fromEntries(Object.entries(value).map(([each, nested]) => [each, readable(nested)]));
  }

  /** The type and name of a resource, or the name of a pseudo parameter. */
  function nameOf(id: string): string {
    const resource = resources[id];
    if (resource === undefined) return id.replace('AWS::', '');
    const names = nameProperties.map((each) => resource.Properties[each]).filter((each) => typeof each === 'string');
    return [resource.Type.split('::').at(-1), ...names.slice(0, 1)].join(' ');
  }
}

/** Synthesizes an environment with every setting, and those of `infra/environments.ts`. */
export function synthesizeAll(): [Synthesized, ...Synthesized[]] {
  const others = Object.entries(environments).map(([name, settings]) => synthesize(name, settings));
  return [synthesize('everything', everything), ...others];
}

const nameProperties = [
  'FunctionName',
  'LogGroupName',
  'Name',
  'QueueName',
  'TableName',
  'TopicName',
  'AliasName',
  'ManagedPolicyName',
];
