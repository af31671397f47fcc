import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { secretFullName } from '#lib/config/names.ts';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { functionArn } from '#local/jobs.ts';
import type { Budgea } from '#local/sandbox/budgea.ts';
import type { JwtRow } from '#local/sandbox/state/jwts.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { certificateTypes, startBudgea } from './budgea.ts';
import { openGate, type Gate } from './gate.ts';
import { makeLambda } from './lambda.ts';
import { catchOutput } from './output.ts';

/** A rotation's steps, in the service's order. */
export const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** The functions that rotate, by what they rotate. */
export const rotations = { 'manage-token': 'rotate-manage-token', 'sealing-keys': 'rotate-sealing-key' } as const;
export type Rotated = keyof typeof rotations;

/** Minutes between two rotations of the manage token. */
export const interval = 240;

/** A Secrets Manager and a Budgea behind one gate, and the functions as Lambda runs them. */
export interface World {
  gate: Gate;
  /** The test's own way to the Secrets Manager, past the gate. */
  readonly aws: SecretsManagerClient;
  budgea: Budgea;
  adminToken: string;
  /** A manage JWT that upstream takes for so many minutes. */
  mint(minutes?: number): Promise<ManageToken>;
  /** The manage JWTs that were ever minted and not revoked. */
  minted(): JwtRow[];
  /** Begins anew: an empty Secrets Manager, cold functions, nothing planned. */
  reset(): Promise<void>;
  create(secret: SecretName, value?: unknown): Promise<void>;
  /** Writes a secret as the operator does, whether it is there or not. */
  set(secret: SecretName, value: unknown): Promise<void>;
  /** Gives the pending version a value that no function made. */
  putPending(secret: SecretName, version: string, value: unknown): Promise<void>;
  /** The labels of each version that has any. */
  stages(secret: SecretName): Promise<Record<string, string[]>>;
  /** The value of the version with that label; undefined when there is none, or none that is JSON. */
  value<T>(secret: SecretName, stage?: string): Promise<T | undefined>;
  /** Has the service rotate a secret, its one retry included, and waits for the end. */
  rotate(secret: Rotated): Promise<void>;
  /** Has the service try a new configuration without rotating. */
  try(secret: Rotated): Promise<void>;
  /** Has the service begin a rotation whose steps the test takes itself; gives the version that it makes. */
  begin(secret: Rotated): Promise<string>;
  /** Takes one step as the service does, with another secret's name if there is one. */
  step(secret: Rotated, step: string, version: string, secretId?: string): Promise<void>;
  /** When the service last ended a rotation well. */
  rotatedAt(secret: Rotated): Promise<Date | undefined>;
  /** Runs a function once, as Lambda does: one whose container dies is cold the next time. */
  invoke(name: string, event: unknown): Promise<void>;
  /** The log lines since the last time. */
  logs(): Record<string, unknown>[];
  /** Fails when anything secret is in what was logged or thrown since the last time. */
  expectNoLeak(): void;
  close(): Promise<void>;
}

/** How to start a world. */
export interface WorldOptions {
  /** Whether the functions reach everything through the gate; without it they are faster. */
  gated?: boolean;
  /** Whether there is a table; the functions that rotate need none. */
  table?: boolean;
  /** Called when the service's call of a rotation function has ended well. */
  afterStep?: (step: string) => Promise<void>;
}

/** Starts it, with nothing in it. */
export async function startWorld({ gated = true, table = false, afterStep }: WorldOptions = {}): Promise<World> {
  const output = catchOutput();
  let server: RunningSecretsManager;
  let client: SecretsManagerClient;
  let isManual = false;
  const gate = await openGate(
    () => server.url,
    () => sandbox.url,
  );
  const sandbox = await startBudgea(() => (gated ? gate.url : sandbox.url));
  const dynamodb = table ? await startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId }) : undefined;
  const lambda = makeLambda(gate);

  const world: World = {
    gate,
    get aws() {
      return client;
    },
    budgea: sandbox.budgea,
    adminToken: sandbox.adminToken,
    async mint(minutes = 720) {
      const { jwt_token } = await sandbox.budgea.jwts.issue({ type: 'manage_token', scope: 'users' }, minutes);
      return { jwt_token, expires_at: Math.floor(Date.now() / 1000) + minutes * 60 };
    },
    minted: () => sandbox.jwts().filter(({ claims }) => claims.type === 'manage_token'),
    async reset() {
      await stop();
      gate.reset();
      lambda.forget();
      await start();
    },
    async create(secret, value) {
      const SecretString = value === undefined ? undefined : text(value);
      await client.send(new CreateSecretCommand({ Name: secretFullName('local', secret), SecretString }));
    },
    async set(secret, value) {
      const put = { SecretId: secretFullName('local', secret), SecretString: text(value) };
      await client.send(new PutSecretValueCommand(put)).catch(() => world.create(secret, value));
    },
    async putPending(secret, version, value) {
      const SecretId = secretFullName('local', secret);
      const pending = { ClientRequestToken: version, SecretString: text(value), VersionStages: ['AWSPENDING'] };
      await client.send(new PutSecretValueCommand({ SecretId, ...pending }));
    },
    async stages(secret) {
      return (await describe(secret)).VersionIdsToStages ?? {};
    },
    async value<T>(secret: SecretName, stage = 'AWSCURRENT') {
      const command = new GetSecretValueCommand({ SecretId: secretFullName('local', secret), VersionStage: stage });
      // Whoever asks knows the secret's shape.
      const read = async () => JSON.parse((await client.send(command)).SecretString ?? '') as T;
      return read().catch(() => undefined);
    },
    async rotate(secret) {
      isManual = false;
      await beginRotation(secret);
    },
    async try(secret) {
      isManual = false;
      await beginRotation(secret, { RotateImmediately: false });
    },
    async begin(secret) {
      isManual = true;
      return beginRotation(secret);
    },
    async step(secret, Step, ClientRequestToken, SecretId) {
      const { ARN } = await describe(secret);
      await world.invoke(rotations[secret], { SecretId: SecretId ?? ARN, ClientRequestToken, Step });
    },
    async rotatedAt(secret) {
      return (await describe(secret)).LastRotatedDate;
    },
    async invoke(name, event) {
      await lambda.invoke(name, event).catch((error: unknown) => {
        output.thrown(error);
        throw error;
      });
    },
    logs: () => output.logs(),
    expectNoLeak: () => output.expectNone(gate.secrets()),
    async close() {
      output.release();
      await stop();
      await gate.close();
      await sandbox.close();
      await dynamodb?.close();
    },
  };
  useLocal({ secretsManager: gate.url, dynamodb: dynamodb?.url ?? 'http://127.0.0.1:1', aws: awsKey });
  const budgea = `${gated ? gate.url : sandbox.url}/2.0`;
  useSettings({ budgea, gateway: 'http://127.0.0.1:1/2.0', certificateTypes, rotationMinutes: interval });
  await start();
  if (table) await (await import('#local/table.ts')).createTable();
  return world;

  async function start(): Promise<void> {
    server = await startSecretsManager({
      port: 0,
      accessKeyId: awsKey.accessKeyId,
      // Not the function itself: a test may put another one in its place.
      now: () => Date.now(),
      rotationRetryDelaysMs: [0],
      async invoke(arn, event) {
        if (isManual) throw new Error('the test takes the steps itself');
        await world.invoke(arn.replace(functionArn(''), ''), event);
        await afterStep?.(event.Step);
      },
    });
    // When a test moves the time, the SDK suspects its clock and repeats what was refused.
    client = new SecretsManagerClient({ endpoint: server.url, maxAttempts: 1 });
    process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = gated ? gate.url : server.url;
  }

  async function stop(): Promise<void> {
    client.destroy();
    await server.close();
  }

  function describe(secret: SecretName) {
    return client.send(new DescribeSecretCommand({ SecretId: secretFullName('local', secret) }));
  }

  async function beginRotation(secret: Rotated, options: { RotateImmediately?: boolean } = {}): Promise<string> {
    const RotationLambdaARN = functionArn(rotations[secret]);
    const rotation = { SecretId: secretFullName('local', secret), RotationLambdaARN, ...options };
    try {
      return (await client.send(new RotateSecretCommand(rotation))).VersionId ?? '';
    } finally {
      await server.runDueRotations();
    }
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
