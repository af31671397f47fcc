import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { basePath } from '#lib/operations/table.ts';
import type { CreatedResource } from '../cloud.ts';
import { type RehearsalContext } from '../context.ts';
import { folder } from '../account.ts';
import { adaptTemplates, type AdaptedTemplates, type Exception } from '../templates.ts';

/** A deployed environment. */
export interface Deployment {
  /** The address of the API on this machine. */
  apiUrl: string;
  /** The same, `/2.0` included. */
  gatewayUrl: string;
  /** The callback's address for browsers and Budgea. */
  callbackUrl: string;
  functions: readonly { name: string; role: string }[];
  /** The roles of the schedules. */
  schedulers: readonly string[];
  /** The ARN of the operators' policy. */
  operatorPolicy: string;
}

const assembly = join(folder, 'cdk');

/** Synthesizes the environment and deploys both stacks with the CDK's command line. Throws when a resource is missing. */
export async function deploy(context: RehearsalContext): Promise<Deployment> {
  const { name, account, region, stacks, programs, cloud, emulator, budgeaPort, phase } = context;

  const adapted = await phase('Synthesize', async (report) => {
    await rm(assembly, { recursive: true, force: true });
    await programs.synth(assembly);
    const templates = await adaptTemplates(assembly, `http://127.0.0.1:${budgeaPort}${basePath}`);
    report(`${templates.resources} resources in ${templates.templates.length} stacks`);
    for (const line of templates.rewritten) report(`for the emulator, ${line}`);
    return templates;
  });
  await phase('Check the limits of the emulator', async (report) => {
    for (const exception of adapted.exceptions) report(await checkLimit(context, exception));
  });
  await phase('Bootstrap', async () => {
    await programs.cdk('bootstrap', `aws://${account}/${region}`);
    await cloud.removeBucketPolicy(`cdk-hnb659fds-assets-${account}-${region}`);
  });

  const created: CreatedResource[] = [];
  for (const [part, stack] of [
    ['Foundation', stacks.foundation],
    ['Gateway', stacks.gateway],
  ] as const) {
    await phase(`Deploy ${stack}`, async (report) => {
      const options = ['--app', assembly, '--exclusively', '--require-approval', 'never'];
      await programs.cdk('deploy', `${name}/${part}`, ...options);
      const resources = await cloud.resources(stack);
      const incomplete = resources.filter(({ isComplete }) => !isComplete).map(({ logicalId }) => logicalId);
      if (incomplete.length > 0) throw new Error(`not created: ${incomplete.join(', ')}`);
      report(`${resources.length} resources`);
      created.push(...resources);
    });
  }
  const expected = adapted.resources - adapted.exceptions.filter(({ isReplaced }) => !isReplaced).length;
  if (created.length !== expected) throw new Error(`${created.length} resources exist instead of ${expected}`);

  await phase('Configure the rotations', (report) => configureRotations(context, adapted, created, report));
  const { GatewayUrl = '', CallbackUrl = '', OperatorPolicy = '' } = await cloud.outputs(stacks.gateway);
  const [id = ''] = new URL(GatewayUrl).hostname.split('.');
  const apiUrl = `${emulator}/_aws/execute-api/${id}`;
  return {
    apiUrl,
    gatewayUrl: apiUrl + basePath,
    callbackUrl: CallbackUrl,
    operatorPolicy: OperatorPolicy,
    ...namesOf(adapted, created),
  };
}

/** Destroys the environment as `docs/deploying.md` describes. Throws when a resource remains, or a retained one does not. */
export async function destroy(context: RehearsalContext): Promise<void> {
  const { name, settings, stacks, cloud, programs, phase } = context;
  const table = tableFullName(name);
  const secrets = secretNames.map((secret) => secretFullName(name, secret));
  await phase('Destroy', async (report) => {
    await cloud.unprotectTable(table);
    for (const stack of Object.values(stacks)) await cloud.unprotectStack(stack);
    await programs.cdk('destroy', `${name}/*`, '--app', assembly, '--force');
    for (const stack of Object.values(stacks)) {
      const remaining = (await cloud.resources(stack)).map(({ logicalId }) => logicalId);
      if (remaining.length > 0) throw new Error(`remaining of ${stack}: ${remaining.join(', ')}`);
      report(`${stack} is deleted`);
    }
    const retained = await cloud.existing(table, secrets);
    const expected = settings.production ? 1 + secrets.length : 0;
    if (retained.length !== expected) throw new Error(`${retained.length} retained resources instead of ${expected}`);
    report(`retained: ${retained.length === 0 ? 'nothing' : retained.join(', ')}`);
  });
}

/** The functions and the schedules, with their roles. */
function namesOf(
  { templates }: AdaptedTemplates,
  created: readonly CreatedResource[],
): Pick<Deployment, 'functions' | 'schedulers'> {
  const nameOf = (id: string) => created.find(({ logicalId }) => logicalId === id)?.physicalId ?? '';
  const roleOf = (role: unknown) => nameOf((role as { 'Fn::GetAtt': [string, 'Arn'] })['Fn::GetAtt'][0]); // A role of the same stack.
  const resources = templates.flatMap((template) => Object.entries(template.Resources));
  const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
  return {
    functions: ofType('AWS::Lambda::Function').map(([id, { Properties }]) => ({
      name: nameOf(id),
      role: roleOf(Properties['Role']),
    })),
    schedulers: ofType('AWS::Scheduler::Schedule').map(([, { Properties }]) =>
      roleOf((Properties['Target'] as { RoleArn: unknown }).RoleArn),
    ),
  };
}

/** Deploys the synthesized resource by itself. Throws when the emulator creates it: then the limit has to be removed. */
async function checkLimit({ cloud }: RehearsalContext, { logicalId, resource, limit }: Exception): Promise<string> {
  const { Type, Properties } = resource;
  const Resources = { [logicalId]: { Type, Properties: withoutReferences(Properties) } };
  const reason = await cloud.failureOf({ Resources });
  if (reason === undefined) throw new Error(`the emulator now supports ${limit.description}: remove the limit`);
  return `${logicalId}: “${reason}” Instead: ${limit.substitute}.`;
}

function withoutReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref|Fn::\w+)$/.test(entries[0]?.[0] ?? '')) return 'a reference';
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutReferences(each)]));
}

/** Configures each rotation as CloudFormation does, without rotating the secret. */
async function configureRotations(
  { cloud, account, region, stacks, secretsManager }: RehearsalContext,
  { exceptions }: AdaptedTemplates,
  created: readonly CreatedResource[],
  report: (line: string) => void,
): Promise<void> {
  const exports = await cloud.outputs(stacks.foundation);
  for (const { resource } of exceptions) {
    if (resource.Type !== 'AWS::SecretsManager::RotationSchedule') continue;
    const { SecretId, RotationLambdaARN, RotationRules } = resource.Properties as unknown as RotationSchedule;
    const secret = exports[SecretId['Fn::ImportValue'].split(':').at(-1) ?? ''] ?? '';
    const name = created.find(({ logicalId }) => logicalId === RotationLambdaARN['Fn::GetAtt'][0])?.physicalId;
    await cloud.rotateSecret({
      SecretId: secret,
      RotationLambdaARN: `arn:aws:lambda:${region}:${account}:function:${name}`,
      RotationRules: { ScheduleExpression: RotationRules.ScheduleExpression, Duration: RotationRules.Duration },
      RotateImmediately: false,
    });
    report(`${secret} by ${name}`);
  }
  for (const { secret, step, failure } of await secretsManager.finishedSteps()) {
    if (failure !== undefined) throw new Error(`${step} of ${secret} fails without a value: ${failure}`);
  }
}

/** The properties that the CDK writes. */
interface RotationSchedule {
  SecretId: { 'Fn::ImportValue': string };
  RotationLambdaARN: { 'Fn::GetAtt': [string, string] };
  RotationRules: RotationRulesType;
}
