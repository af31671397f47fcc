import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { marshall } from '@aws-sdk/util-dynamodb';
import { bundleFunctions, type Bundle } from '#infra/bundle.ts';
import { variablesFor, type FunctionConfig } from '#infra/permissions.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed } from '#lib/config/process-env.ts';
import { examples as recorded } from '#lib/openapi/examples.ts';
import { basePath, functionName, operations, type Operation, type SecretName } from '#lib/operations/table.ts';
import { hashKey, keyId, makeKey } from '#lib/partner-key.ts';
import type { Call } from '../calls.ts';
import { bearer, operationIds, typicalCall, type ExampleContext } from '../openapi/examples.ts';
import type { Progress, Table } from './figures.ts';
import { forkProgram } from './processes.ts';

/** The number of requests to Secrets Manager and DynamoDB, and to Budgea. */
export interface Requests {
  aws: number;
  upstream: number;
}

/** The servers that stand in for AWS and Budgea. */
export interface StandIns {
  /** The address of Secrets Manager and DynamoDB. */
  aws: string;
  /** The address of Budgea, without `/2.0`. */
  upstream: string;
  /** Returns the number of requests since the last call. */
  requests: () => Promise<Requests>;
}

/** The context of every part of the benchmark. */
export interface BenchContext extends Progress, StandIns {
  /** A folder for temporary files. */
  folder: string;
  /** Whether the run is a quick one. */
  quick: boolean;
  bundles: readonly Bundle[];
  /** The typical call of each function, by name. */
  calls: Readonly<Record<string, Call>>;
  /** Returns a function's environment variables as they are deployed. */
  variablesOf: (name: string) => Record<string, string>;
  /** The call that the peers support: check a key, sign, forward. The gateway's function for it is `users-id-user-get`. */
  peerCall: Call;
  peerVariables: Readonly<Record<string, string>>;
}

/** One part of the benchmark. */
export interface Part<Figures> {
  title: string;
  measure: (context: BenchContext) => Promise<Figures>;
  table: (figures: Figures) => Table;
}

/** The data of the stand-ins. */
export interface StandInData {
  /** Secrets by name. */
  secrets: Readonly<Record<string, string>>;
  /** Items by key, in DynamoDB's format. */
  items: Readonly<Record<string, object>>;
  responses: readonly StandInResponse[];
}

/** A response of Budgea. */
interface StandInResponse {
  /** The method and path that it answers: `GET /2.0/users/42`. */
  call: string;
  /** A regular expression for the calls of the operation; its group is the path parameter. */
  pattern: string;
  status: number;
  location: string | undefined;
  text: string;
}

const environment = 'bench';
const client_id = '12345678';
const redirect_uri = 'https://partner.example/callback';
const manageToken = 'm'.repeat(200);
/** The user of the recorded examples. */
const user = { id_user: 42, token: 't'.repeat(64) };
/** Lambda sets it, and a function that finds it reads its secrets while it starts; no server listens there. */
const lambda = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' };

/** Bundles the functions and starts the stand-ins. */
export async function createContext(folder: string, quick: boolean, progress: Progress): Promise<BenchContext> {
  const { report, signal } = progress;
  report('bundling the functions');
  const bundles = await bundleFunctions(join(folder, 'functions'));
  const key = makeKey(client_id);
  const standIns = await startStandIns(folder, key, signal);
  const { aws, upstream } = standIns;
  const awsVariables = {
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'AKIDBENCH',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: aws,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws,
    AWS_ENDPOINT_URL_DYNAMODB: aws,
  };
  Object.assign(process.env, awsVariables);
  useDeployed(environment);
  const config = functionConfig(upstream + basePath);
  return {
    ...progress,
    ...standIns,
    folder,
    quick,
    bundles,
    calls: await typicalCalls(key),
    variablesOf: (name) => {
      const { needs } = Object.entries<Operation>(operations).find(([id]) => functionName(id) === name)?.[1] ?? {};
      if (needs === undefined) throw new Error(`no operation has the function ${name}`);
      const variables = variablesFor(needs, config) as Record<string, string>; // Every variable that it has is defined.
      return { ...variables, ...awsVariables, ...lambda, AWS_LAMBDA_FUNCTION_NAME: name };
    },
    peerCall: { operation: 'users_id_user_get', path: { id_user: 'all' }, headers: bearer(key) },
    peerVariables: {
      ...awsVariables,
      BUDGEA_URL: upstream + basePath,
      SECRET_MANAGE_TOKEN: secretFullName(environment, 'manage-token'),
      MANAGE_TOKEN: manageToken,
      PARTNER_KEY_HASH: hashKey(key),
      NODE_ENV: 'production',
    },
  };
}

/** Starts the stand-ins, with a partner of this key that has every grant and one user; `signal` ends them. */
export async function startStandIns(folder: string, key: string, signal: AbortSignal): Promise<StandIns> {
  const file = join(folder, 'stand-ins.json');
  await writeFile(file, JSON.stringify(standInData(key)));
  const child = forkProgram('stand-ins.ts', [file], signal);
  const [addresses] = (await once(child, 'message', { signal })) as [Pick<StandIns, 'aws' | 'upstream'>]; // Its first message.
  return {
    ...addresses,
    async requests() {
      const answered = once(child, 'message', { signal });
      child.send('requests');
      const [{ requests }] = (await answered) as [{ requests: Requests }];
      return requests;
    },
  };
}

/** Returns the file of a function's bundle. Throws when there is none. */
export function bundleFile({ bundles }: BenchContext, name: string): string {
  const bundle = bundles.find((each) => each.name === name);
  if (bundle === undefined) throw new Error(`no function is named ${name}`);
  return bundle.file;
}

async function typicalCalls(client_secret: string): Promise<Record<string, Call>> {
  // This module makes an AWS client, which takes its endpoint from the environment.
  const { seal } = await import('#lib/webauth/state.ts');
  const state = await seal({ partner: client_id, redirectUri: redirect_uri, state: 'A-STATE-OF-YOURS' });
  const partner = { client_id, client_secret, redirect_uri };
  const context: ExampleContext = {
    partner,
    manager: partner,
    certificateType: 'qwac',
    newUser: async () => user,
    newCode: async () => 'c'.repeat(64),
    newToken: async () => user.token,
    newManageJwt: async () => manageToken,
    visitBank: async () => ({ state, id_connection: '7', code: 'c' }),
  };
  const calls = operationIds.map(async (id) => [functionName(id), await typicalCall(id, context)] as const);
  return Object.fromEntries(await Promise.all(calls));
}

function standInData(key: string): StandInData {
  const hash = hashKey(key);
  const created = '2026-01-01T00:00:00.000Z';
  const secrets: Record<SecretName, object> = {
    'client-credentials': { client_id: 87654321, client_secret: 'c'.repeat(40) },
    'admin-token': { token: 'a'.repeat(64) },
    'manage-token': { jwt_token: manageToken, expires_at: 4_000_000_000 },
    'sealing-keys': { next: sealingKey('next'), current: sealingKey('current') },
  };
  const items = [
    {
      pk: `PARTNER#${client_id}`,
      listed: 'partner',
      client_id,
      name: 'Bench',
      status: 'active',
      keys: [{ id: keyId(hash), hash, created }],
      redirect_uris: [redirect_uri],
      grants: ['users:all', 'jwt:permanent', 'admin:jwt:config:1440'],
      created,
      revision: 1,
    },
    { pk: `USER#${user.id_user}`, owner: client_id, recorded: created },
    {
      pk: 'CERTIFICATE#qwac',
      certificate: JSON.stringify({ id: 1, type: 'qwac', created: '2026-01-01 00:00:00' }),
      changed_at: created,
      checked_at: created,
    },
  ];
  return {
    secrets: Object.fromEntries(
      secretNames.map((name) => [secretFullName(environment, name), JSON.stringify(secrets[name])]),
    ),
    items: Object.fromEntries(items.map((item) => [item.pk, marshall(item)])),
    responses: recordedResponses(),
  };
}

const sealingKey = (kid: string) => ({ kid, key: randomBytes(32).toString('base64') });

/** The successful responses of the recorded examples, which are those of Budgea too. */
function recordedResponses(): StandInResponse[] {
  const successes = recorded.filter(({ answer }) => answer.status < 400);
  return successes.map(({ operation, method, request, answer: { status, location, body } }) => {
    const { path } = operations[operation];
    return {
      call: `${method} ${basePath}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(request.path[name]))}`,
      pattern: `^${method} ${basePath}${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`,
      status,
      location,
      text: body === undefined ? '' : JSON.stringify(body),
    };
  });
}

function functionConfig(budgeaUrl: string): FunctionConfig {
  const secretIds = secretNames.map((name) => [name, secretFullName(environment, name)]);
  return {
    environment,
    budgeaUrl,
    tableName: tableFullName(environment),
    secretIds: Object.fromEntries(secretIds) as Record<SecretName, string>, // One entry for every name.
    settings: {
      GATEWAY_URL: `https://gateway.example${basePath}`,
      CERTIFICATE_TYPES: 'qwac',
      ALLOW_ANONYMOUS_INIT: 'false',
      MANAGE_SCOPE: 'users',
      ROTATION_MINUTES: '240',
    },
  };
}
