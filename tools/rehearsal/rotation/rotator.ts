import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type DescribeSecretResponse,
  type RotateSecretRequest,
  type RotationRulesType,
} from '@aws-sdk/client-secrets-manager';

/** Carries out rotations. */
export interface Rotator {
  /** Begins one, which goes on after the answer; or tries its function. Gives the service's answer, or its error. */
  rotate(request: RotateSecretRequest): Promise<Record<string, unknown>>;
  /** What DescribeSecret says of a secret's rotation. */
  told(arn: unknown): Record<string, unknown>;
  settled(): Promise<StepTaken[]>;
}

/** A step of a rotation, as a function was asked to take it. */
export interface StepTaken {
  secret: string;
  step: string;
  milliseconds: number;
  /** What the function failed with. */
  failure?: string;
}

/** What the rotator works with. */
export interface RotatorOptions {
  emulator: string;
  account: string;
  region: string;
  invoke: (functionArn: string, event: unknown) => Promise<void>;
}

interface Rotation {
  functionArn: string;
  rules: RotationRulesType | undefined;
  rotatedAt?: number;
}

/** A rotation that is under way: the version that it makes. */
interface Underway {
  ARN: string;
  Name: string;
  version: string;
}

/** As a trial, Secrets Manager has the function take the third step alone. */
const steps = { rotation: ['createSecret', 'setSecret', 'testSecret', 'finishSecret'], trial: ['testSecret'] };

/** Makes the rotator. It only knows which function rotates a secret: versions, values and labels are kept by the emulator. */
export function makeRotator({ emulator, account, region, invoke }: RotatorOptions): Rotator {
  const credentials = { accessKeyId: account, secretAccessKey: 'rehearsal' };
  const client = new SecretsManagerClient({ endpoint: emulator, region, credentials });
  const rotations = new Map<string, Rotation>();
  const running = new Set<Promise<void>>();
  const taken: StepTaken[] = [];

  /** Makes the version that is to get the value; no other one has its label then. */
  async function makePending(secret: DescribeSecretResponse, version: string): Promise<void> {
    const before = pendingOf(secret);
    if (before !== undefined) await dropPending(secret.ARN, before);
    const label = { ClientRequestToken: version, VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand({ SecretId: secret.ARN, ...label }));
  }

  async function dropPending(SecretId: string | undefined, version: string): Promise<void> {
    const move = { VersionStage: 'AWSPENDING', RemoveFromVersionId: version };
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, ...move }));
  }

  async function carryOut(underway: Underway, rotation: Rotation, kind: keyof typeof steps): Promise<void> {
    for (const step of steps[kind]) if (!(await take(step, underway, rotation))) return;
    if (kind === 'rotation') rotation.rotatedAt = Date.now();
    else await dropPending(underway.ARN, underway.version);
  }

  async function take(step: string, { ARN, Name, version }: Underway, { functionArn }: Rotation): Promise<boolean> {
    const began = performance.now();
    const failure = await invoke(functionArn, { SecretId: ARN, ClientRequestToken: version, Step: step }).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    taken.push({
      secret: Name,
      step,
      milliseconds: performance.now() - began,
      ...(failure !== undefined && { failure }),
    });
    return failure === undefined;
  }

  return {
    async rotate({ SecretId, ClientRequestToken: version = randomUUID(), RotateImmediately, ...request }) {
      const secret = await client.send(new DescribeSecretCommand({ SecretId }));
      const { ARN = '', Name = '', VersionIdsToStages = {} } = secret;
      const known = rotations.get(ARN);
      const functionArn = request.RotationLambdaARN ?? known?.functionArn;
      if (functionArn === undefined) return refusal('No Lambda rotation function ARN is associated with this secret.');
      const pending = pendingOf(secret);
      if (pending !== undefined && !VersionIdsToStages[pending]?.includes('AWSCURRENT')) {
        return refusal("A previous rotation isn't complete. That rotation will be reattempted.");
      }
      const rotation = { ...known, functionArn, rules: request.RotationRules ?? known?.rules };
      rotations.set(ARN, rotation);
      await makePending(secret, version);
      const kind = RotateImmediately === false ? 'trial' : 'rotation';
      const run = carryOut({ ARN, Name, version }, rotation, kind).finally(() => running.delete(run));
      running.add(run);
      return { ARN, Name, VersionId: version };
    },

    told(arn) {
      const rotation = rotations.get(String(arn));
      if (rotation === undefined) return {};
      const { functionArn, rules, rotatedAt } = rotation;
      return {
        RotationEnabled: true,
        RotationLambdaARN: functionArn,
        RotationRules: rules,
        ...(rotatedAt !== undefined && { LastRotatedDate: rotatedAt / 1000 }),
      };
    },

    async settled() {
      await Promise.all(running);
      return taken.splice(0);
    },
  };
}

function pendingOf({ VersionIdsToStages = {} }: DescribeSecretResponse): string | undefined {
  return Object.keys(VersionIdsToStages).find((version) => VersionIdsToStages[version]?.includes('AWSPENDING'));
}

function refusal(Message: string): Record<string, unknown> {
  return { __type: 'InvalidRequestException', Message };
}
