import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, form, json } from '../gateway.ts';
import { apiKey } from '../key-forms.ts';
import type { TestRequest } from '../invoke.ts';
import { stubs } from '#infra/bundle/built-ins.ts';
import { parser, replacements } from '#infra/bundle/packages.ts';
import { environments } from '#infra/environments.ts';
import { namespace } from '#lib/observability/log.ts';
import { synthesize, type Synthesized } from '../infra/synthesized.ts';
import { decide, pathOf } from '../webauth/browser.ts';
import { buildElsewhere, hashes } from './elsewhere.ts';
import { deploy, type Deployed } from './deployed.ts';

let deployed: Deployed;
let partner: DemoPartner;
let home: string;
let manager: DemoPartner;

beforeAll(async () => {
  deployed = await deploy();
  const { partner: demo, manager: operator } = deployed.gateway.file;
  ({ redirect_uri: home, ...partner } = demo);
  manager = operator;
}, 60_000);
afterAll(() => deployed.close());

const newUser = () => deployed.gateway.newUser(partner);
const key = () => authorization(partner.client_secret);
const webauth = () =>
  `/webauth?${new URLSearchParams({ client_id: partner.client_id, redirect_uri: home }).toString()}`;

/** Where the bank sends a browser that went there by the deployed gateway. */
async function callback(): Promise<string> {
  const answer = await deployed.ask('GET', webauth());
  return pathOf(deployed.gateway, await decide(answer.headers.get('location') ?? '', 'approve'));
}

/** A code for one of the partner's users. */
async function newCode(): Promise<string> {
  const { token } = await newUser();
  const { body } = await deployed.gateway.sandbox(
    'GET',
    '/auth/token/code?type=requestAccess',
    authorization(`Bearer ${token}`),
  );
  return (body as { code: string }).code;
}

/** What a function asked of AWS since the last time: `GetItem PARTNER`, `GetSecretValue manage-token`; with `denied` what its role does not allow. */
function callsOf(name: string): string[] {
  return deployed
    .awsCalls(name)
    .map((call) =>
      call.replace(/(secretsmanager|dynamodb):/, '').replace(/#.*|(?<= )arn:.*\/(?=[\w-]+$)|-\w{6}$/g, ''),
    );
}

/** What a function was refused by its role since the last time. */
function denied(name: string): string[] {
  return deployed.awsCalls(name).filter((call) => call.startsWith('denied'));
}

/** What a function wrote in its log since the last time. */
function logsOf(name: string): Record<string, unknown>[] {
  const written = deployed.logs(name);
  lines.push(...written);
  return written;
}

/** Everything that functions wrote. */
const lines: Record<string, unknown>[] = [];

type Prepared = [path: string, request?: TestRequest];

/** What the first call of a container asks for that comes with a key: who it is, what else it has to know, and the rest beside upstream. */
const withKey = (...reads: string[]) => ['GetItem PARTNER', ...reads, 'UpdateItem KEY_USE'];

interface Case {
  name: string;
  method: string;
  succeed: () => Promise<Prepared>;
  refuse: Prepared;
  status?: number;
  /** The secrets that it reads while it starts. */
  secrets?: string[];
  /** What its first and its second call ask of AWS and of Budgea. */
  first: string[];
  second: string[];
}

describe.each<Case>([
  {
    name: 'admin-jwt-post',
    method: 'POST',
    succeed: async () => ['/admin/jwt', authorization(manager.client_secret)],
    refuse: ['/admin/jwt'],
    secrets: ['admin-token'],
    first: [...withKey(), 'POST /admin/jwt'],
    second: ['POST /admin/jwt'],
  },
  {
    name: 'auth-init-post',
    method: 'POST',
    succeed: async () => ['/auth/init', form({ ...partner })],
    refuse: ['/auth/init'],
    secrets: ['client-credentials', 'manage-token'],
    first: [...withKey(), 'PutItem USER', 'POST /auth/init'],
    second: ['PutItem USER', 'POST /auth/init'],
  },
  {
    name: 'auth-jwt-post',
    method: 'POST',
    succeed: async () => ['/auth/jwt', json({ ...partner, id_user: (await newUser()).id })],
    refuse: ['/auth/jwt'],
    secrets: ['client-credentials', 'manage-token'],
    first: [...withKey('GetItem USER'), 'POST /auth/jwt'],
    second: ['GetItem USER', 'POST /auth/jwt'],
  },
  {
    name: 'auth-token-access-post',
    method: 'POST',
    succeed: async () => ['/auth/token/access', json({ ...partner, code: await newCode() })],
    refuse: ['/auth/token/access'],
    secrets: ['client-credentials'],
    first: [...withKey('GetItem CODE'), 'GetItem USER', 'POST /auth/token/access', 'GET /users/me'],
    second: ['GetItem CODE', 'GetItem USER', 'POST /auth/token/access', 'GET /users/me'],
  },
  {
    name: 'auth-token-code-get',
    method: 'GET',
    succeed: async () => ['/auth/token/code', authorization((await newUser()).token)],
    refuse: ['/auth/token/code'],
    first: ['GET /auth/token/code'],
    second: ['GET /auth/token/code'],
  },
  {
    name: 'auth-token-delete',
    method: 'DELETE',
    succeed: async () => ['/auth/token', authorization((await newUser()).token)],
    refuse: ['/auth/token'],
    status: 204,
    first: ['DELETE /auth/token'],
    second: ['DELETE /auth/token'],
  },
  {
    name: 'certificate-type-get',
    method: 'GET',
    succeed: async () => ['/certificate/qwac', apiKey(partner.client_secret)],
    refuse: ['/certificate/qwac'],
    secrets: ['manage-token'],
    // The first call of all fetches what is to be kept.
    first: [...withKey('GetItem CERTIFICATE'), 'GetItem CERTIFICATE', 'PutItem CERTIFICATE', 'GET /certificate/qwac'],
    second: ['GetItem CERTIFICATE'],
  },
  {
    name: 'hash-delete',
    method: 'DELETE',
    succeed: async () => ['/hash', authorization((await newUser()).token)],
    refuse: ['/hash'],
    status: 204,
    first: ['DELETE /hash'],
    second: ['DELETE /hash'],
  },
  {
    name: 'users-id-user-get',
    method: 'GET',
    succeed: async () => [`/users/${(await newUser()).id}`, key()],
    refuse: ['/users/1'],
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'GET /users/1'],
    second: ['GetItem USER', 'GET /users/1'],
  },
  {
    name: 'users-id-user-delete',
    method: 'DELETE',
    succeed: async () => [`/users/${(await newUser()).id}`, key()],
    refuse: ['/users/1'],
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'DeleteItem USER', 'DELETE /users/1'],
    second: ['GetItem USER', 'DeleteItem USER', 'DELETE /users/1'],
  },
  {
    name: 'users-id-user-token-post',
    method: 'POST',
    succeed: async () => {
      const { headers, body } = json({ application: 'sharedAccess' });
      return [`/users/${(await newUser()).id}/token`, { headers: { ...headers, ...key().headers }, body }];
    },
    refuse: ['/users/1/token'],
    secrets: ['manage-token'],
    first: [...withKey('GetItem USER'), 'POST /users/1/token'],
    second: ['GetItem USER', 'POST /users/1/token'],
  },
  {
    name: 'webauth-get',
    method: 'GET',
    succeed: async () => [webauth()],
    refuse: ['/webauth'],
    status: 302,
    secrets: ['client-credentials', 'sealing-keys'],
    first: ['GetItem PARTNER', 'GET /webauth'],
    second: ['GET /webauth'],
  },
  {
    name: 'webauth-callback-get',
    method: 'GET',
    succeed: async () => [await callback()],
    refuse: ['/webauth/callback'],
    status: 302,
    secrets: ['sealing-keys'],
    first: ['GetItem PARTNER', 'PutItem CODE'],
    second: ['PutItem CODE'],
  },
])('the bundle of $name', ({ name, method, succeed, refuse, status = 200, secrets = [], first, second }) => {
  const [path, request] = refuse;

  test('reads its secrets while it starts, and refuses by itself, asking nobody', async () => {
    const answer = await deployed.ask(method, path, request);
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    // A reading that took too long on a busy machine is made again.
    const asked = new Set<string>();
    const askedSoFar = () => {
      for (const call of callsOf(name)) asked.add(call);
      return [...asked].toSorted();
    };
    await expect.poll(askedSoFar).toEqual(secrets.map((secret) => `GetSecretValue ${secret}`).toSorted());
    await deployed.ask(method, path, request);
    expect(callsOf(name)).toEqual([]);
  });

  test.each([
    ['first', first],
    ['second', second],
  ])('does its work with the rights of its role, and no call too many: the %s', async (_which, expected) => {
    const prepared = await succeed();
    await deployed.gateway.upstreamCalls();
    callsOf(name);
    const answer = await deployed.ask(method, ...prepared);
    const text = await answer.text();
    const asked = [...callsOf(name), ...(await deployed.gateway.upstreamCalls())].map((call) =>
      call.replace(/\d+/, '1'),
    );
    expect({ status: answer.status, text, asked }).toEqual({ status, text, asked: expected });
    expect(logsOf(name)).toContainEqual(expect.objectContaining({ status, environment: 'local' }));
  });
});

test('the same source gives the same bundles, wherever it is checked out, and nothing but them', async () => {
  const here = await hashes(deployed.folder);
  const names = deployed.bundles.map(({ name }) => name);
  const files = deployed.bundles.flatMap(({ name, modules }) => [
    `${name}/index.mjs`,
    ...(parser.isIn(modules) ? [`${name}/${parser.file}`] : []),
  ]);
  expect(Object.keys(here).toSorted()).toEqual(
    [...files, ...names.map((name) => `maps/${name}/index.mjs.map`)].toSorted(),
  );
  const elsewhere = await buildElsewhere();
  for (const file of files) expect(elsewhere[file]).toBe(here[file]);
}, 60_000);

test('what is left out of bundles is something that they ask for', () => {
  const modules = deployed.bundles.flatMap((bundle) => bundle.modules);
  const idle = [
    ...replacements.map(({ module }) => module),
    ...Object.keys(stubs).map((name) => new RegExp(`^stub:${name}$`)),
  ];
  expect(idle.filter((file) => !modules.some((module) => file.test(module)))).toEqual([]);
});

test('no bundle but api-page-get’s has the API’s document in it, and none what makes Scalar’s script', () => {
  expect(
    deployed.bundles
      .flatMap(({ modules }) => modules)
      .filter((module) => /node_modules\/(fastify|@scalar)\//.test(module)),
  ).toEqual([]);
  const having = deployed.bundles.filter(({ modules }) => modules.some((module) => module.startsWith('lib/openapi')));
  expect(having.map(({ name }) => name)).toEqual(['api-page-get']);
});

test('the bundle of api-page-get shows the API, asking nobody', async () => {
  const page = await deployed.ask('GET', '/../docs');
  const [, address] = /<script src="docs(.+?)">/.exec(await page.text()) ?? [];
  const script = await deployed.ask('GET', `/../docs${address}`);
  expect(await script.text()).toContain('createApiReference');
  const document = await deployed.ask('GET', '/../openapi.json');
  expect(await document.json()).toMatchObject({ servers: [{ url: deployed.gateway.file.gateway }] });
  expect(deployed.awsCalls('api-page-get')).toEqual([]);
});

describe.each([['auth-token-code-get'], ['auth-token-delete'], ['hash-delete'], ['api-page-get']])(
  'the bundle of %s',
  (name) => {
    test('has nothing of AWS in it', () => {
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
  test('goes through all four steps with the rights of its role', async () => {
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
  test('does its work with the rights of its role', async () => {
    expect(await deployed.run(name)).toBeNull();
    expect(denied(name)).toEqual([]);
    expect(logsOf(name)).toContainEqual(expect.objectContaining({ outcome: 'success', environment: 'local' }));
  });
});

describe('alarms and the dashboard look at metrics that functions report:', () => {
  const stage = synthesize('local', { ...environments.dev, certificateTypes: ['qwac', 'qseal'] });
  // From the access log, and what cannot be brought about here; the latter are counted as the rejected credential is.
  const elsewhere =
    /^(ThrottledCalls|OwnershipConflict|UndoFailed|OwnershipLeft|OwnershipNotExtended|UnexpectedUser|UnusableToken|CertificateNotKept|CertificateDateIgnored) /;

  /** The numbers of all log lines, each as `name {dimensions}`. */
  function reported(): Set<string> {
    for (const name of functionsOf(stage)) logsOf(name);
    return new Set(lines.flatMap(metricsOf));
  }

  test('alarms', async () => {
    // At the bank, the manage JWT expires before its time.
    await deployed.gateway.control('clock', { advance: 100_000 });
    const { id } = await newUser();
    expect((await deployed.ask('GET', `/users/${id}`, key())).status).toBe(503);
    const watched = stage.all('AWS::CloudWatch::Alarm').flatMap(({ Properties }) => {
      const { Namespace, MetricName, Dimensions } = stage.readable(Properties) as Alarm;
      if (Namespace !== namespace) return [];
      return described(
        MetricName,
        Dimensions.map(({ Name, Value }) => [Name, Value] as const),
      );
    });
    expect(watched).toContain('CredentialRejected {"environment":"local"}');
    const known = reported();
    expect(watched.filter((metric) => !known.has(metric) && !elsewhere.test(metric))).toEqual([]);
  });

  test('the dashboard', () => {
    const { DashboardBody } = stage.property('AWS::CloudWatch::Dashboard');
    const { widgets } = JSON.parse(String(DashboardBody)) as { widgets: { properties: { metrics?: unknown[][] } }[] };
    const shown = widgets
      .flatMap(({ properties: { metrics = [] } }) => metrics)
      .filter(([first]) => first === namespace);
    expect(shown.length).toBeGreaterThan(50);
    const kinds = new Set([...reported()].map(kindOf));
    const strange = shown
      .map(([, name, ...pairs]) => described(String(name), pairsOf(pairs)))
      .filter((metric) => !kinds.has(kindOf(metric)) && !elsewhere.test(metric));
    expect(strange).toEqual([]);
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

/** What CloudWatch makes of a log line. */
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

/** A metric without the values of its dimensions. */
function kindOf(metric: string): string {
  return metric.replaceAll(/:"[^"]*"/g, '');
}

/** A dashboard lists dimensions as names and values by turns, with options at the end. */
function pairsOf(values: readonly unknown[]): (readonly [string, string])[] {
  const texts = values.filter((value) => typeof value === 'string');
  return texts.flatMap((value, index) => (index % 2 === 0 ? [[value, texts[index + 1] ?? ''] as const] : []));
}

function functionsOf({ all }: Synthesized): string[] {
  return all('AWS::Lambda::Function').map(({ Properties }) =>
    String(Properties['FunctionName']).replace('local-gateway-', ''),
  );
}
