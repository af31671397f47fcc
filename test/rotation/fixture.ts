import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { fastify } from 'fastify';
import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import { secretFullName } from '#lib/config/names.ts';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { makeSealingKey } from '#lib/webauth/state.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { functionArn } from '#local/jobs.ts';
import { openBudgea } from '#local/sandbox/budgea.ts';
import { serveApi } from '#local/sandbox/http/api.ts';
import { readBodies } from '#local/sandbox/http/bodies.ts';
import { createCallList } from '#local/sandbox/http/call-list.ts';
import { createFailures } from '#local/sandbox/http/failures.ts';
import { createLatency } from '#local/sandbox/http/failures.ts';
import type { JwtRow } from '#local/sandbox/state/jwts.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { openStore } from '#local/store.ts';
import { awsKey } from '../aws-key.ts';
import { captureOutput, createLambda } from './functions.ts';
import { openGate } from './gate.ts';

/** A rotation's steps in order. */
export const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** The rotation function of each secret. */
export const rotations = { 'manage-token': 'rotate-manage-token', 'sealing-keys': 'rotate-sealing-key' } as const;
export type Rotated = keyof typeof rotations;

/** The interval of the manage token's rotation, in minutes. */
export const interval = 240;

/** The certificate types that upstream has and the gateway stores. */
export const certificateTypes = ['qwac', 'qseal'];

/** A Secrets Manager and a sandbox Budgea behind a gate, and the scheduled functions as Lambda runs them. */
type Fixture = Awaited<ReturnType<typeof startFixture>>;

/** The options of a fixture. */
interface FixtureOptions {
  /** Whether calls pass through the gate. Without it, functions are faster. Default: true. */
  gated?: boolean;
  /** Whether there is a table. Functions that rotate need none. */
  table?: boolean;
  /** Called after each successful step of a rotation that the service runs. */
  afterStep?: (step: string) => Promise<void>;
  /** The fixed time at which each test starts, in milliseconds since the epoch. Default: real time. */
  now?: number;
}

/** Starts a fixture for the test file, and resets and prepares it before each test. Each test fails if a secret leaks. */
export async function useFixture(
  options: FixtureOptions = {},
  prepareSecrets: (fixture: Fixture) => Promise<void> = async () => undefined,
) {
  const { now } = options;
  if (now !== undefined) vi.useFakeTimers({ toFake: ['Date'], now });
  // The SDK waits for a random time before it retries.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const fixture = await startFixture(options);
  beforeEach(prepare);
  afterEach(() => {
    vi.unstubAllEnvs();
    fixture.expectNoLeak();
  });
  afterAll(async () => {
    vi.useRealTimers();
    await fixture.close();
    vi.restoreAllMocks();
  });
  return Object.assign(fixture, { prepare });

  /** Resets and prepares the fixture as before a test. */
  async function prepare(): Promise<void> {
    if (now !== undefined) vi.setSystemTime(now);
    await fixture.reset();
    await prepareSecrets(fixture);
  }
}

async function startFixture({ gated = true, table = false, afterStep }: FixtureOptions) {
  const output = captureOutput();
  let server: RunningSecretsManager;
  let client: SecretsManagerClient;
  let isManual = false;
  const gate = await openGate(
    () => server.url,
    () => sandbox.url,
  );
  const sandbox = await startBudgea(() => (gated ? gate.url : sandbox.url));
  const { adminToken, budgea } = sandbox;
  const dynamodb = table ? await startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId }) : undefined;
  const lambda = createLambda(gate);
  useLocal({ secretsManager: gate.url, dynamodb: dynamodb?.url ?? 'http://127.0.0.1:1', aws: awsKey });
  const upstream = `${gated ? gate.url : sandbox.url}/2.0`;
  useSettings({ budgea: upstream, gateway: 'http://127.0.0.1:1/2.0', certificateTypes, rotationMinutes: interval });
  await start();
  if (table) await (await import('#local/table.ts')).createTable();

  return {
    gate,
    /** The test's own client of Secrets Manager, which bypasses the gate. */
    get aws() {
      return client;
    },
    budgea,
    adminToken,
    mint,
    /** Returns all manage JWTs that were not revoked. */
    minted: () => sandbox.jwts().filter(({ claims }) => claims.type === 'manage_token'),
    /** Empties Secrets Manager, resets the gate and makes functions cold. */
    async reset() {
      await stop();
      gate.reset();
      lambda.reset();
      await start();
    },
    create,
    /** Creates every secret with a valid value. */
    createAll: async () => {
      await create('client-credentials', { client_id: 1, client_secret: 'the secret of the contract, long enough' });
      await create('admin-token', { token: adminToken });
      await create('manage-token', await mint());
      await create('sealing-keys', { next: makeSealingKey(), current: makeSealingKey() });
    },
    /** Sets a secret's value as the operator does, and creates the secret if necessary. */
    async set(secret: SecretName, value: unknown) {
      const put = { SecretId: secretFullName('local', secret), SecretString: text(value) };
      await client.send(new PutSecretValueCommand(put)).catch(() => create(secret, value));
    },
    /** Sets the value of a pending version. */
    async putPending(secret: SecretName, version: string, value: unknown) {
      const SecretId = secretFullName('local', secret);
      const pending = { ClientRequestToken: version, SecretString: text(value), VersionStages: ['AWSPENDING'] };
      await client.send(new PutSecretValueCommand({ SecretId, ...pending }));
    },
    /** Returns the labels of each labelled version. */
    stages: async (secret: SecretName) => (await describe(secret)).VersionIdsToStages ?? {},
    /** Returns the value of the version with a label, or undefined if there is none or if it is not JSON. */
    async value<T>(secret: SecretName, stage = 'AWSCURRENT'): Promise<T | undefined> {
      const command = new GetSecretValueCommand({ SecretId: secretFullName('local', secret), VersionStage: stage });
      // The caller names the secret's type.
      const read = async () => JSON.parse((await client.send(command)).SecretString ?? '') as T;
      return read().catch(() => undefined);
    },
    /** Rotates a secret through the service, including its retry, and waits for the end. */
    rotate: async (secret: Rotated) => {
      isManual = false;
      await startRotation(secret);
    },
    /** Tests a rotation's configuration through the service, without rotating. */
    async try(secret: Rotated) {
      isManual = false;
      await startRotation(secret, { RotateImmediately: false });
    },
    /** Starts a rotation whose steps the test runs itself. Returns the pending version. */
    async begin(secret: Rotated) {
      isManual = true;
      return startRotation(secret);
    },
    /** Runs a step as the service does. */
    async step(secret: Rotated, Step: string, ClientRequestToken: string, SecretId?: string) {
      const { ARN } = await describe(secret);
      await invoke(rotations[secret], { SecretId: SecretId ?? ARN, ClientRequestToken, Step });
    },
    /** Returns the time of the last successful rotation. */
    rotatedAt: async (secret: Rotated) => (await describe(secret)).LastRotatedDate,
    invoke,
    /** Returns the log lines since the last call. */
    logs: () => output.logs(),
    /** Returns the reason of the last failed run. */
    reason: () => output.logs().at(-1)?.['detail'],
    /** Fails when a secret was logged or thrown since the last call. */
    expectNoLeak: () => output.expectNone(gate.secrets()),
    async close() {
      output.release();
      await stop();
      await gate.close();
      await sandbox.close();
      await dynamodb?.close();
    },
  };

  /** Creates a manage JWT with a lifetime in minutes. */
  async function mint(minutes = 720): Promise<ManageToken> {
    const { jwt_token } = await budgea.jwts.issue({ type: 'manage_token', scope: 'users' }, minutes);
    return { jwt_token, expires_at: Math.floor(Date.now() / 1000) + minutes * 60 };
  }

  async function create(secret: SecretName, value?: unknown): Promise<void> {
    const SecretString = value === undefined ? undefined : text(value);
    await client.send(new CreateSecretCommand({ Name: secretFullName('local', secret), SecretString }));
  }

  /** Invokes a function. */
  async function invoke(name: string, event: unknown): Promise<void> {
    await lambda.invoke(name, event).catch((error: unknown) => {
      output.thrown(error);
      throw error;
    });
  }

  async function start(): Promise<void> {
    server = await startSecretsManager({
      port: 0,
      accessKeyId: awsKey.accessKeyId,
      // Not `Date.now` itself, which fake timers replace.
      now: () => Date.now(),
      rotationRetryDelaysMs: [0],
      async invoke(arn, event) {
        if (isManual) throw new Error('the test runs the steps itself');
        await invoke(arn.replace(functionArn(''), ''), event);
        await afterStep?.(event.Step);
      },
    });
    // One attempt: when a test moves the time, the SDK would correct its clock and retry rejected requests.
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

  async function startRotation(secret: Rotated, options: { RotateImmediately?: boolean } = {}): Promise<string> {
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

/** Starts a sandbox Budgea whose JWTs name `origin` as their audience. */
async function startBudgea(origin: () => string) {
  const store = await openStore();
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  const adminToken = randomBytes(48).toString('base64url');
  const client = { client_id: 12_345_678, client_secret: 'unused' };
  const budgea = await openBudgea(store, { client, adminToken, redirectUris: [], certificateTypes }, origin);
  const services = {
    budgea,
    calls: createCallList(budgea.clock.now, certificateTypes),
    failures: createFailures(),
    latency: createLatency(),
  };
  readBodies(app);
  app.register(async (scope) => serveApi(scope, services), { prefix: '/2.0' });
  const url: string = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, adminToken, budgea, jwts: () => store.table<JwtRow>('jwts').values(), close: () => app.close() };
}
