import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { marshall } from '@aws-sdk/util-dynamodb';
import { variablesFor, type FunctionConfig, type FunctionNeeds } from '#infra/permissions.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { useDeployed } from '#lib/config/process-env.ts';
import { basePath, functionName, operations, type Operation, type SecretName } from '#lib/operations/table.ts';
import { hashKey, keyId, makeKey } from '#lib/partners/key.ts';
import type { Stored } from './aws.ts';
import type { Call } from './calls.ts';

/** How many requests came to Secrets Manager and DynamoDB, and to what stands for Budgea. */
export interface Requests {
  aws: number;
  upstream: number;
}

/** What stands around the functions, in a process of its own on loopback. */
export interface Surroundings {
  /** Secrets Manager and DynamoDB. */
  aws: string;
  /** The origin of what stands for Budgea. */
  upstream: string;
  /** A call for each function, by its name, that succeeds. */
  calls: Readonly<Record<string, Call>>;
  /** The environment variables of a function, by its name, as a deployment gives them. */
  variablesOf: (name: string) => Record<string, string>;
  /** The call that peers can answer: check a key, sign, forward. The gateway's function for it is `users-id-user-get`. */
  peerCall: Call;
  /** What every peer is told. */
  peerVariables: Record<string, string>;
  /** How many requests came since the last time. */
  requests: () => Promise<Requests>;
}

const environment = 'bench';
const partner = '12345678';
const redirectUri = 'https://partner.example/callback';
const manageToken = 'm'.repeat(200);
const user = '1001';
/** Lambda sets it, and by it a function knows that it is being started and reads its secrets; nothing is there. */
const lambda = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' };

/** Starts it, with a partner who may do everything and a user of that partner's; `signal` ends it. `folder` is for a file of its own. */
export async function startSurroundings(folder: string, signal: AbortSignal): Promise<Surroundings> {
  const key = makeKey(partner);
  const file = join(folder, 'stored.json');
  await writeFile(file, JSON.stringify(stored(key)));
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), [file], { signal });
  // Its end by `signal` is no error.
  child.on('error', () => undefined);
  // The process sends its addresses first, and then what it was asked for.
  const [{ aws, upstream }] = (await once(child, 'message', { signal })) as [{ aws: string; upstream: string }];
  const amazon = {
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'AKIDBENCH',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: aws,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws,
    AWS_ENDPOINT_URL_DYNAMODB: aws,
  };
  Object.assign(process.env, amazon);
  useDeployed(environment);
  // It makes an AWS client, which takes its endpoint from the environment.
  const { seal } = await import('#lib/webauth/state.ts');
  const sealed = await seal({ partner, redirectUri, state: 'a state of the partner’s' });
  const config = configOf(upstream + basePath);
  return {
    aws,
    upstream,
    calls: callsWith(key, sealed),
    variablesOf: (name) => {
      // What it has is no undefined.
      const variables = variablesFor(rowOf(name), config) as Record<string, string>;
      return { ...variables, ...amazon, ...lambda, AWS_LAMBDA_FUNCTION_NAME: name };
    },
    peerCall: { operation: 'users_id_user_get', parameters: { id_user: 'all' }, headers: bearer(key) },
    peerVariables: {
      ...amazon,
      BUDGEA_URL: upstream + basePath,
      SECRET_MANAGE_TOKEN: secretFullName(environment, 'manage-token'),
      MANAGE_TOKEN: manageToken,
      PARTNER_KEY_HASH: hashKey(key),
      NODE_ENV: 'production',
    },
    async requests() {
      const answered = once(child, 'message', { signal });
      child.send('requests');
      const [{ requests }] = (await answered) as [{ requests: Requests }];
      return requests;
    },
  };
}

function stored(key: string): Stored {
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
      pk: `PARTNER#${partner}`,
      listed: 'partner',
      client_id: partner,
      name: 'Bench',
      status: 'active',
      keys: [{ id: keyId(hash), hash, created }],
      redirect_uris: [redirectUri],
      grants: ['users:all', 'jwt:permanent', 'admin:jwt:config:1440'],
      created,
      revision: 1,
    },
    { pk: `USER#${user}`, owner: partner, recorded: created },
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
  };
}

const sealingKey = (kid: string) => ({ kid, key: randomBytes(32).toString('base64') });

function configOf(budgeaUrl: string): FunctionConfig {
  return {
    environment,
    budgeaUrl,
    tableName: tableFullName(environment),
    // Of every name there is.
    secretIds: Object.fromEntries(secretNames.map((name) => [name, secretFullName(environment, name)])) as Record<
      SecretName,
      string
    >,
    settings: {
      GATEWAY_URL: `https://gateway.example${basePath}`,
      CERTIFICATE_TYPES: 'qwac',
      ALLOW_ANONYMOUS_INIT: 'false',
      MANAGE_SCOPE: 'users',
      ROTATION_MINUTES: '240',
    },
  };
}

function rowOf(name: string): FunctionNeeds {
  const row = Object.entries<Operation>(operations).find(([id]) => functionName(id) === name)?.[1];
  if (row === undefined) throw new Error(`no operation has the function ${name}`);
  return row.needs;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const encoded = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

function callsWith(key: string, sealed: string): Readonly<Record<string, Call>> {
  const keyed = bearer(key);
  const token = bearer('t'.repeat(64));
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const client = { client_id: partner, client_secret: key };
  const own = { parameters: { id_user: user }, headers: keyed };
  const calls: Call[] = [
    { operation: 'admin_jwt_post', headers: { ...form, ...keyed }, body: encoded({ scope: 'config', duration: '5' }) },
    { operation: 'auth_init_post', headers: form, body: encoded(client) },
    { operation: 'auth_jwt_post', headers: form, body: encoded({ ...client, id_user: user }) },
    { operation: 'auth_token_access_post', headers: form, body: encoded({ ...client, code: 'c'.repeat(64) }) },
    { operation: 'auth_token_code_get', headers: token },
    { operation: 'auth_token_delete', headers: token },
    { operation: 'certificate_type_get', parameters: { type: 'qwac' }, headers: { 'x-api-key': key } },
    { operation: 'hash_delete', headers: token },
    { operation: 'users_id_user_get', ...own },
    { operation: 'users_id_user_delete', ...own },
    {
      operation: 'users_id_user_token_post',
      parameters: { id_user: user },
      headers: { ...form, ...keyed },
      body: encoded({ application: 'sharedAccess' }),
    },
    {
      operation: 'webauth_get',
      query: encoded({ client_id: partner, redirect_uri: redirectUri, state: 'a state of the partner’s' }),
    },
    { operation: 'webauth_callback_get', query: encoded({ state: sealed, id_connection: '7', code: 'c' }) },
  ];
  return Object.fromEntries(calls.map((call) => [functionName(call.operation), call]));
}
