import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { apiKey, authorization, form, json } from '../gateway.ts';

import type { TestRequest } from '../invoke.ts';
import { stubs } from '#infra/bundle/built-ins.ts';
import { parser, replacements } from '#infra/bundle/packages.ts';
import { environments } from '#infra/environments.ts';
import { namespace } from '#lib/observability/log.ts';
import { functionName, operations, type OperationId } from '#lib/operations/table.ts';
import { synthesize, type Synthesized } from '../infra/synthesized.ts';
import { decide, pathOf } from '../webauth/browser.ts';
import { deploy, type Deployed } from './deployed.ts';

let deployed: Deployed;
let partner: DemoPartner;
let redirectUri: string;
let manager: DemoPartner;

beforeAll(async () => {
  deployed = await deploy();
  const { partner: demo, manager: operator } = deployed.gateway.file;
  ({ redirect_uri: redirectUri, ...partner } = demo);
  manager = operator;
}, 60_000);
afterAll(() => deployed.close());

const newUser = () => deployed.gateway.newUser(partner);
const key = () => authorization(partner.client_secret);
const webauth = () =>
  `/webauth?${new URLSearchParams({ client_id: partner.client_id, redirect_uri: redirectUri }).toString()}`;

/** Returns the path to which the bank redirects a browser from the deployed gateway. */
async function callback(): Promise<string> {
  const answer = await deployed.call('GET', webauth());
  return pathOf(deployed.gateway, await decide(answer.headers.get('location') ?? '', 'approve'));
}

/** Creates a code for a user of the partner. */
async function newCode(): Promise<string> {
  const { token } = await newUser();
  const { body } = await deployed.gateway.sandbox(
    'GET',
    '/auth/token/code?type=requestAccess',
    authorization(`Bearer ${token}`),
  );
  return (body as { code: string }).code;
}

/** Returns a function's calls of AWS since the last time, such as `GetItem PARTNER` or `GetSecretValue manage-token`. */
function callsOf(name: string): string[] {
  return deployed
    .awsCalls(name)
    .map((call) =>
      call.replace(/(secretsmanager|dynamodb):/, '').replace(/#.*|(?<= )arn:.*\/(?=[\w-]+$)|-\w{6}$/g, ''),
    );
}

/** Returns the calls that a function's role denied since the last time. */
function denied(name: string): string[] {
  return deployed.awsCalls(name).filter((call) => call.startsWith('denied'));
}

/** Returns a function's log lines since the last time. */
function logsOf(name: string): Record<string, unknown>[] {
  const added = deployed.logs(name);
  lines.push(...added);
  return added;
}

/** The log lines of all functions. */
const lines: Record<string, unknown>[] = [];

type Prepared = [path: string, request?: TestRequest];

/** Returns the AWS calls of a container's first call with a key: the partner, other reads, and the date of the key's use. */
const withKey = (...reads: string[]) => ['GetItem PARTNER', ...reads, 'UpdateItem KEY_USE'];

/** Returns the calls of a later call of a container, which has cached the partner and recorded the key's use. */
const withoutKey = (calls: string[]) => calls.filter((call) => !withKey().includes(call));

interface Case {
  id: OperationId;
  succeed: () => Promise<Prepared>;
  status?: number;
  /** The secrets that the function reads while it starts. */
  secrets?: string[];
  /** The calls of AWS and Budgea in the first and in the second call. */
  first: string[];
  second?: string[];
}

describe.each<Case>([
  {
    id: 'admin_jwt_post',
    succeed: async () => ['/admin/jwt', authorization(manager.client_secret)],
    secrets: ['admin-token'],
    first: [...withKey(), 'POST /admin/jwt'],
  },
  {
    id: 'auth_init_post',
    succeed: async () => ['/auth/init', form({ ...partner })],
    secrets: ['client-credentials', 'manage-token'],
    first: [...withKey(), 'PutItem USER', 'POST /auth/init'],
  },
  {
    id: 'auth_jwt_post',
    succeed: async () => ['/auth/jwt', json({ ...partner, id_user: (await newUser()).id })],
    secrets: ['client-credentials', 'manage-token'],
    first: [...withKey('GetItem USER'), 'POST /auth/jwt'],
  },
  {
    id: 'auth_token_access_post',
    succeed: async () => ['/auth/token/access', json({ ...partner, code: await newCode() })],
    secrets: ['client-credentials'],
    first: [...withKey('GetItem CODE'), 'GetItem USER', 'POST /auth/token/access', 'GET /users/me'],
  },
  {
    id: 'auth_token_code_get',
    succeed: async () => ['/auth/token/code', authorization((await newUser()).token)],
    first: ['GET /auth/token/code'],
  },
  {
    id: 'auth_token_delete',
    succeed: async () => ['/auth/token', authorization((await newUser()).token)],
    status: 204,
    first: ['DELETE /auth/token'],
  },
  {
    id: 'certificate_type_get',
    succeed: async () => ['/certificate/qwac', apiKey(partner.client_secret)],
    secrets: ['manage-token'],
    // The first call fetches and stores the certificate.
    first: [...withKey('GetItem CERTIFICATE'), 'GetItem CERTIFICATE', 'PutItem CERTIFICATE', 'GET /certificate/qwac'],
    second: ['GetItem CERTIFICATE'],
  },
  {
    id: 'hash_delete',
    succeed: async () => ['/hash', authorization((await newUser()).token)],
    status: 204,
    first: ['DELETE /hash'],
  },
  {
    id: 'users_id_user_get',
    succeed: async () => [`/users/${(await newUser()).id}`, key()],
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'GET /users/1'],
  },
  {
    id: 'users_id_user_delete',
    succeed: async () => [`/users/${(await newUser()).id}`, key()],
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'DeleteItem USER', 'DELETE /users/1'],
  },
  {
    id: 'users_id_user_token_post',
    succeed: async () => {
      const { headers, body } = json({ application: 'sharedAccess' });
      return [`/users/${(await newUser()).id}/token`, { headers: { ...headers, ...key().headers }, body }];
    },
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'POST /users/1/token'],
  },
  {
    id: 'webauth_get',
    succeed: async () => [webauth()],
    status: 302,
    secrets: ['client-credentials', 'sealing-keys'],
    first: ['GetItem PARTNER', 'GET /webauth'],
  },
  {
    id: 'webauth_callback_get',
    succeed: async () => [await callback()],
    status: 302,
    secrets: ['sealing-keys'],
    first: ['GetItem PARTNER', 'PutItem CODE'],
  },
])('the bundle of $id', ({ id, succeed, status = 200, secrets = [], first, second = withoutKey(first) }) => {
  const { method, path } = operations[id];
  const name = functionName(id);
  const rejected = path.replace('{id_user}', '1').replace('{type}', 'qwac');

  test('reads its secrets while it starts, and rejects a call without another one', async () => {
    const answer = await deployed.call(method, rejected);
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    // A slow read is retried on a busy machine.
    const reads = new Set<string>();
    const readsSoFar = () => {
      for (const call of callsOf(name)) reads.add(call);
      return [...reads].toSorted();
    };
    await expect.poll(readsSoFar).toEqual(secrets.map((secret) => `GetSecretValue ${secret}`).toSorted());
    await deployed.call(method, rejected);
    expect(callsOf(name)).toEqual([]);
  });

  test.each([
    ['first', first],
    ['second', second],
  ])('needs only the permissions of its role and the expected calls: the %s call', async (_which, expected) => {
    const prepared = await succeed();
    await deployed.gateway.upstreamCalls();
    callsOf(name);
    const answer = await deployed.call(method, ...prepared);
    const text = await answer.text();
    const calls = [...callsOf(name), ...(await deployed.gateway.upstreamCalls())].map((call) =>
      call.replace(/\d+/, '1'),
    );
    expect({ status: answer.status, text, calls }).toEqual({ status, text, calls: expected });
    expect(logsOf(name)).toContainEqual(expect.objectContaining({ status, environment: 'local' }));
  });
});

test('the same source produces the same bundles in another folder, and no other files', async () => {
  const here = await hashes(deployed.folder);
  const names = deployed.bundles.map(({ name }) => name);
  const files = deployed.bundles.flatMap(({ name, modules }) => [
    `${name}/index.mjs`,
    ...(parser.isIn(modules) ? [`${name}/${parser.file}`] : []),
  ]);
  expect(Object.keys(here).toSorted()).toEqual(
    [...files, ...names.map((name) => `maps/${name}/index.mjs.map`)].toSorted(),
  );
  const other = await buildElsewhere();
  for (const file of files) expect(other[file]).toBe(here[file]);
}, 60_000);

test('every module that is left out or replaced is imported by a bundle', () => {
  const modules = deployed.bundles.flatMap((bundle) => bundle.modules);
  const patterns = [
    ...replacements.map(({ module }) => module),
    ...Object.keys(stubs).map((name) => new RegExp(`^stub:${name}$`)),
  ];
  expect(patterns.filter((file) => !modules.some((module) => file.test(module)))).toEqual([]);
});

test('only the bundle of api-page-get contains the API’s document, and none contains Scalar’s package', () => {
  expect(
    deployed.bundles
      .flatMap(({ modules }) => modules)
      .filter((module) => /node_modules\/(fastify|@scalar)\//.test(module)),
  ).toEqual([]);
  const withDocument = deployed.bundles.filter(({ modules }) =>
    modules.some((module) => module.startsWith('lib/openapi')),
  );
  expect(withDocument.map(({ name }) => name)).toEqual(['api-page-get']);
});

test('the bundle of api-page-get serves the page without a call of AWS', async () => {
  const page = await deployed.call('GET', '/../docs');
  const [, address] = /<script src="docs(.+?)">/.exec(await page.text()) ?? [];
  const script = await deployed.call('GET', `/../docs${address}`);
  expect(await script.text()).toContain('createApiReference');
  const document = await deployed.call('GET', '/../openapi.json');
  expect(await document.json()).toMatchObject({ servers: [{ url: deployed.gateway.file.gateway }] });
  expect(deployed.awsCalls('api-page-get')).toEqual([]);
});

describe.each([['auth-token-code-get'], ['auth-token-delete'], ['hash-delete'], ['api-page-get']])(
  'the bundle of %s',
  (name) => {
    test('does not contain the SDK', () => {
      const { modules = [] } = deployed.bundles.find((bundle) => bundle.name === name) ?? {};
      expect(modules).not.toEqual([]);
      expect(modules.filter((module) => /@aws-sdk|@smithy/.test(module))).toEqual([]);
    });
  },
);

describe.each([
  ['manage-token', 'rotate-manage-token'],
  ['sealing-keys', 'rotate-sealing-key'],
] as const)('the rotation of %s', (secret, name) => {
  test('runs all four steps with the permissions of its role', async () => {
    const before = await deployed.gateway.secret(secret);
    await deployed.rotate(secret);
    expect(await deployed.gateway.secret(secret)).not.toEqual(before);
    expect(denied(name)).toEqual([]);
    expect(logsOf(name).map(({ step, outcome }) => [step, outcome])).toEqual(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => [step, 'success']),
    );
  });
});

describe.each([['fetch-certificates'], ['watch']])('the bundle of %s', (name) => {
  test('needs only the permissions of its role', async () => {
    expect(await deployed.run(name)).toBeNull();
    expect(denied(name)).toEqual([]);
    expect(logsOf(name)).toContainEqual(expect.objectContaining({ outcome: 'success', environment: 'local' }));
  });
});

describe('functions report the metrics of', () => {
  const stage = synthesize('local', { ...environments.dev, certificateTypes: ['qwac', 'qseal'] });
  // Metrics of API Gateway's access log, and counted events that other tests cause.
  const untested =
    /^(ThrottledCalls|OwnershipConflict|UndoFailed|OwnershipLeft|OwnershipNotExtended|UnexpectedUser|UnusableToken|CertificateNotKept|CertificateDateIgnored) /;

  /** Returns the metrics of all log lines, each as `name {dimensions}`. */
  function reported(): Set<string> {
    for (const name of functionsOf(stage)) logsOf(name);
    return new Set(lines.flatMap(metricsOf));
  }

  test('the alarms', async () => {
    // Upstream's manage JWT expires early.
    await deployed.gateway.control('clock', { advance: 100_000 });
    const { id } = await newUser();
    expect((await deployed.call('GET', `/users/${id}`, key())).status).toBe(503);
    const watched = stage.all('AWS::CloudWatch::Alarm').flatMap(({ Properties }) => {
      const { Namespace, MetricName, Dimensions } = stage.readable(Properties) as Alarm;
      if (Namespace !== namespace) return [];
      return described(
        MetricName,
        Dimensions.map(({ Name, Value }) => [Name, Value] as const),
      );
    });
    expect(watched).toContain('CredentialRejected {"environment":"local"}');
    const metrics = reported();
    expect(watched.filter((metric) => !metrics.has(metric) && !untested.test(metric))).toEqual([]);
  });

  test('the dashboard', () => {
    const { DashboardBody } = stage.property('AWS::CloudWatch::Dashboard');
    const { widgets } = JSON.parse(String(DashboardBody)) as { widgets: { properties: { metrics?: unknown[][] } }[] };
    const shown = widgets
      .flatMap(({ properties: { metrics = [] } }) => metrics)
      .filter(([first]) => first === namespace);
    expect(shown.length).toBeGreaterThan(50);
    const kinds = new Set([...reported()].map(kindOf));
    const missing = shown
      .map(([, name, ...pairs]) => described(String(name), pairsOf(pairs)))
      .filter((metric) => !kinds.has(kindOf(metric)) && !untested.test(metric));
    expect(missing).toEqual([]);
  });
});

interface Alarm {
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: string }[];
}

interface Embedded {
  CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[];
}

/** Returns the metrics that CloudWatch extracts from a log line. */
function metricsOf(line: Record<string, unknown>): string[] {
  const { CloudWatchMetrics = [] } = (line['_aws'] ?? {}) as Partial<Embedded>;
  return CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) =>
      Dimensions.map((names) =>
        described(
          Name,
          names.map((name) => [name, String(line[name])] as const),
        ),
      ),
    ),
  );
}

function described(name: string, dimensions: readonly (readonly [string, string])[]): string {
  return `${name} ${JSON.stringify(Object.fromEntries(dimensions.toSorted(([one], [other]) => (one < other ? -1 : 1))))}`;
}

/** Returns a metric without the values of its dimensions. */
function kindOf(metric: string): string {
  return metric.replaceAll(/:"[^"]*"/g, '');
}

/** Returns the dimensions in a dashboard's list of alternating names and values, which ends with options. */
function pairsOf(values: readonly unknown[]): (readonly [string, string])[] {
  const texts = values.filter((value) => typeof value === 'string');
  return texts.flatMap((value, index) => (index % 2 === 0 ? [[value, texts[index + 1] ?? ''] as const] : []));
}

function functionsOf({ all }: Synthesized): string[] {
  return all('AWS::Lambda::Function').map(({ Properties }) =>
    String(Properties['FunctionName']).replace('local-gateway-', ''),
  );
}

/** Builds every bundle from a copy of the source, and returns the hash of each file. */
async function buildElsewhere(): Promise<Record<string, string>> {
  const checkout = await mkdtemp(join(tmpdir(), 'elsewhere-'));
  try {
    for (const part of ['functions', 'infra', 'lib', 'package.json', 'tsconfig.json']) {
      await cp(part, join(checkout, part), { recursive: true });
    }
    await symlink(resolve('node_modules'), join(checkout, 'node_modules'));
    await promisify(execFile)(process.execPath, [join(checkout, 'infra/bundle.ts')], { cwd: tmpdir() });
    return await hashes(join(checkout, 'dist'));
  } finally {
    await rm(checkout, { recursive: true });
  }
}

/** Returns the hash of each file in a folder, by path. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hashed = files.map(async (file) => {
    const hash = createHash('sha256').update(await readFile(file));
    return [file.slice(folder.length + 1), hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}
