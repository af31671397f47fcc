import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll } from 'vitest';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { pages } from '#lib/operations/routes.ts';
import type { Environment } from '#infra/environment.ts';
import { environments } from '#infra/environments.ts';
import { EnvironmentStage } from '#infra/stacks/environment-stage.ts';
import { everything } from './everything.ts';

/** A resource as a template has it. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}

/** A template as CloudFormation gets it. */
interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
}

/** An environment, synthesized. */
export interface Synthesized {
  name: string;
  settings: Environment;
  app: App;
  stage: EnvironmentStage;
  foundation: Template;
  gateway: Template;
  /** Resources of a type, of both stacks. */
  all: (type: string) => Resource[];
  /** The resource of a type that there is one of. */
  only: (type: string) => Resource;
  /** A value of a template in the words of a person: intrinsic functions give way to what they stand for. */
  readable: (value: unknown) => unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'synthesized-'));
afterAll(() => rmSync(folder, { recursive: true }));

// What is in a bundle is not what these tests are about.
for (const id of Object.keys({ ...operations, ...pages, ...jobs })) {
  mkdirSync(join(folder, functionName(id)));
  writeFileSync(join(folder, functionName(id), 'index.mjs'), '');
}

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

/** Synthesizes one environment, without CloudFormation's own validation, which takes seconds. */
export function synthesize(name: string, settings: Environment): Synthesized {
  const app = new App({ outdir: join(folder, `cdk-${name}`), context, builtinCloudFormationValidation: false });
  const stage = new EnvironmentStage(app, name, { settings, bundles: folder });
  const assembly = stage.synth();
  const [foundation, gateway] = [stage.foundation, stage.gateway].map(
    ({ artifactId }) => assembly.getStackArtifact(artifactId).template as Template,
  ) as [Template, Template];
  const all = (type: string) =>
    [foundation, gateway].flatMap(({ Resources }) => Object.values(Resources).filter(({ Type }) => Type === type));
  return {
    name,
    settings,
    app,
    stage,
    foundation,
    gateway,
    all,
    only(type) {
      const [resource, ...more] = all(type);
      if (resource === undefined || more.length > 0)
        throw new Error(`there is not one ${type}, but ${more.length + 1}`);
      return resource;
    },
    readable: (value) => readable(value, foundation, gateway),
  };
}

/** One environment with every setting, and every one of the file. */
export function synthesizeAll(): [Synthesized, ...Synthesized[]] {
  const ofFile = Object.entries(environments).map(([name, settings]) => synthesize(name, settings));
  return [synthesize('everything', everything), ...ofFile];
}

function readable(value: unknown, foundation: Template, gateway: Template): unknown {
  if (Array.isArray(value)) return value.map((each) => readable(each, foundation, gateway));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length === 0) {
    if (name === 'Ref') return called(String(argument), foundation, gateway);
    if (name === 'Fn::GetAtt') {
      const [id, attribute] = argument as [string, string];
      const owner = called(id, foundation, gateway);
      return attribute === 'Arn' ? owner : `${owner}.${attribute}`;
    }
    if (name === 'Fn::ImportValue') {
      const exported = Object.values(foundation.Outputs ?? {}).find(({ Export }) => Export?.Name === argument);
      return readable(exported?.Value, foundation, gateway);
    }
    if (name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => readable(part, foundation, gateway)).join(separator);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each, foundation, gateway)]));
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

/** A resource's own name with its kind before it, or the pseudo parameter's. */
function called(id: string, foundation: Template, gateway: Template): string {
  const resource = gateway.Resources[id] ?? foundation.Resources[id];
  if (resource === undefined) return id.replace('AWS::', '');
  const kind = resource.Type.split('::').at(-1);
  const name = nameProperties.map((property) => resource.Properties[property]).find((each) => typeof each === 'string');
  return name === undefined ? `${kind}` : `${kind} ${name}`;
}
