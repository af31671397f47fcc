import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import { basePath } from '#lib/operations/table.ts';
import type { MadeResource } from '../cloud.ts';
import { folder } from '../place.ts';
import type { Scene } from '../scene.ts';
import { adaptTemplates, type Adapted, type Exception } from '../templates.ts';

/** What the deployment gave. */
export interface Deployed {
  /** Where the API answers on this machine. */
  apiUrl: string;
  /** The same, `/2.0` included. */
  gatewayUrl: string;
  /** The callback's address as partners' browsers and Budgea know it. */
  callbackUrl: string;
  /** Every function, and its role. */
  functions: readonly { name: string; role: string }[];
  /** The roles of the schedules. */
  schedulers: readonly string[];
  /** The ARN of the policy of those who run the command line. */
  operatorPolicy: string;
}

const assembly = join(folder, 'cdk');

/** Synthesizes the environment and deploys its two stacks with the CDK's command line. Throws when a resource is missing afterwards. */
export async function deploy(scene: Scene): Promise<Deployed> {
  const { environment, programs, cloud, emulator, budgeaPort, transcript } = scene;
  const { name, account, region, stacks } = environment;

  const adapted = await transcript.phase('Synthesize', async (tell) => {
    await rm(assembly, { recursive: true, force: true });
    await programs.synth(name, assembly);
    const templates = await adaptTemplates(assembly, `http://127.0.0.1:${budgeaPort}${basePath}`);
    tell(`${templates.resources} resources in two stacks`);
    for (const line of templates.rewritten) tell(`for the emulator, ${line}`);
    return templates;
  });
  await transcript.phase('Ask the emulator for what it is known not to make', async (tell) => {
    for (const exception of adapted.exceptions) tell(await explain(scene, exception));
  });
  await transcript.phase('Bootstrap', async () => {
    await programs.cdk('bootstrap', `aws://${account}/${region}`);
    await cloud.allowPlainHttp(`cdk-hnb659fds-assets-${account}-${region}`);
  });

  const made: MadeResource[] = [];
  for (const [part, stack] of [
    ['Foundation', stacks.foundation],
    ['Gateway', stacks.gateway],
  ] as const) {
    await transcript.phase(`Deploy ${stack}`, async (tell) => {
      await programs.cdk(
        'deploy',
        `${name}/${part}`,
        '--app',
        assembly,
        '--exclusively',
        '--require-approval',
        'never',
      );
      const resources = await cloud.resources(stack);
      const missing = resources.filter(({ isMade }) => !isMade);
      if (missing.length > 0) throw new Error(`not made: ${missing.map(({ logicalId }) => logicalId).join(', ')}`);
      tell(`${resources.length} resources made`);
      made.push(...resources);
    });
  }
  const expected = adapted.resources - adapted.exceptions.filter(({ isReplaced }) => !isReplaced).length;
  if (made.length !== expected) throw new Error(`${made.length} resources were made, and not ${expected}`);

  await transcript.phase('Set the rotations up', (tell) => setRotationsUp(scene, adapted, made, tell));
  const { GatewayUrl = '', CallbackUrl = '', OperatorPolicy = '' } = await cloud.outputs(stacks.gateway);
  const [id = ''] = new URL(GatewayUrl).hostname.split('.');
  const apiUrl = `${emulator}/_aws/execute-api/${id}`;
  return {
    apiUrl,
    gatewayUrl: apiUrl + basePath,
    callbackUrl: CallbackUrl,
    operatorPolicy: OperatorPolicy,
    ...namesOf(adapted, made),
  };
}

/** Functions and schedules with their roles, which the templates refer to. */
function namesOf({ templates }: Adapted, made: readonly MadeResource[]): Pick<Deployed, 'functions' | 'schedulers'> {
  const nameOf = (id: string) => made.find(({ logicalId }) => logicalId === id)?.physicalId ?? '';
  const roleOf = (role: unknown) => nameOf((role as { 'Fn::GetAtt': [string, 'Arn'] })['Fn::GetAtt'][0]); // Of its own stack.
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

/** Asks with the resource as it was synthesized, alone. Throws when the emulator makes it: then the limit is to be struck off. */
async function explain({ cloud }: Scene, { logicalId, resource, limit }: Exception): Promise<string> {
  const { Type, Properties } = resource;
  // Alone, it refers to nothing.
  const Resources = { [logicalId]: { Type, Properties: withoutReferences(Properties) } };
  const reason = await cloud.refusal({ Resources });
  if (reason === undefined) throw new Error(`the emulator makes ${limit.about} now: strike them off its limits`);
  return `${logicalId}: “${reason}” In its place: ${limit.substitute}.`;
}

function withoutReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref|Fn::\w+)$/.test(entries[0]?.[0] ?? '')) return 'something';
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutReferences(each)]));
}

/** As CloudFormation would: each secret with its function and rules, and nothing rotated. */
async function setRotationsUp(
  { cloud, environment, rotation }: Scene,
  { exceptions }: Adapted,
  made: readonly MadeResource[],
  tell: (line: string) => void,
): Promise<void> {
  const { account, region, stacks } = environment;
  const exports = await cloud.outputs(stacks.foundation);
  for (const { resource } of exceptions) {
    if (resource.Type !== 'AWS::SecretsManager::RotationSchedule') continue;
    const { SecretId, RotationLambdaARN, RotationRules } = resource.Properties as unknown as Schedule;
    const secret = exports[SecretId['Fn::ImportValue'].split(':').at(-1) ?? ''] ?? '';
    const name = made.find(({ logicalId }) => logicalId === RotationLambdaARN['Fn::GetAtt'][0])?.physicalId;
    await cloud.rotateSecret({
      SecretId: secret,
      RotationLambdaARN: `arn:aws:lambda:${region}:${account}:function:${name}`,
      RotationRules: { ScheduleExpression: RotationRules.ScheduleExpression, Duration: RotationRules.Duration },
      RotateImmediately: false,
    });
    tell(`${secret} by ${name}`);
  }
  for (const { secret, step, failure } of await rotation.settled()) {
    if (failure !== undefined) throw new Error(`${step} of ${secret} fails without a value: ${failure}`);
  }
}

/** As the CDK writes it. */
interface Schedule {
  SecretId: { 'Fn::ImportValue': string };
  RotationLambdaARN: { 'Fn::GetAtt': [string, string] };
  RotationRules: RotationRulesType;
}
