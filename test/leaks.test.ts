import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '#lib/partners/key.ts';
import { startTestAws, type TestAws } from './aws.ts';
import { keptEvents, type ReceivedEvent } from './events.ts';
import { authorization, basic, form, json, multipart, startGateway, type Gateway } from './gateway.ts';
import type { Answer, TestRequest } from './invoke.ts';
import { combined } from './presented.ts';
import { tracesIn } from './traces.ts';
import { makeWorld, upstreamCalls, type World } from './upstream/calls.ts';
import { startHostile, type HostileServer } from './upstream/hostile.ts';

let aws: TestAws;
let gateway: Gateway;
let hostile: HostileServer;
let world: World;
let other: World;
/** What nobody may ever see, by name. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  aws = await startTestAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  hostile = await startHostile();
  [world, other] = [await makeWorld(gateway), await makeWorld(gateway)];
  secrets.set('client secret', (await gateway.secret<{ client_secret: string }>('client-credentials')).client_secret);
  secrets.set('admin token', (await gateway.secret<{ token: string }>('admin-token')).token);
  secrets.set('manage JWT', (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token);
  const sealing = await gateway.secret<Record<string, { key: string } | undefined>>('sealing-keys');
  for (const [name, sealed] of Object.entries(sealing)) if (sealed) secrets.set(`sealing key ${name}`, sealed.key);
  gateway.logs();
});
afterAll(async () => {
  await hostile.close();
  await gateway.close();
  await aws.close();
});

/** What is searched: everything that left the gateway, and whose business it is. */
interface Seen {
  answers: { about: string; status: number; text: string }[];
  log: Record<string, unknown>[];
  /** What the local stack's console was told. */
  events: ReceivedEvent[];
  /** Tokens and codes that the gateway gave away, and keys that were presented: for their owners' eyes, and for no log. */
  personal: Set<string>;
}

type Call = [about: string, method: string, path: string, request: TestRequest];

/** Makes calls, all at once, and collects what came of them. */
async function collect(calls: Call[], ...worlds: World[]): Promise<Seen> {
  const answered = await Promise.all(
    calls.map(async ([about, method, path, request]) => ({
      about,
      request,
      answer: await gateway.ask.http(method, path, request),
    })),
  );
  const personal = new Set(
    [world, other, ...worlds].flatMap(({ partner, user, code }) => [partner.client_secret, user.token, code]),
  );
  for (const { answer } of answered) for (const token of tokensIn(answer)) personal.add(token);
  return {
    answers: answered.map(({ about, answer: { status, text, headers } }) => ({
      about,
      status,
      text: `${text}\n${JSON.stringify(headers)}`,
    })),
    log: gateway.logs(),
    events: (await keptEvents(gateway.file.gateway)).slice(-calls.length),
    personal,
  };
}

/** The tokens and codes that an answer gives. */
function tokensIn({ body }: Answer): string[] {
  const { auth_token, jwt_token, access_token, token, code, status } = (body ?? {}) as Record<string, unknown>;
  const given = [auth_token, jwt_token, access_token, token, status === undefined ? code : undefined];
  return given.filter((value): value is string => typeof value === 'string' && value.length > 20);
}

/** Searches answers for the gateway's secrets, and the log for those and for everything personal. */
function leaksOf({ answers, log, events, personal }: Seen): string[] {
  expect(log).not.toEqual([]);
  expect(events).not.toEqual([]);
  const all = new Map([...secrets, ...[...personal].map((secret): [string, string] => [secret.slice(0, 14), secret])]);
  return [
    ...answers.flatMap(({ about, text }) => tracesIn(text, secrets).map((name) => `${name} in the answer to ${about}`)),
    ...log.flatMap((line) =>
      tracesIn(JSON.stringify(line), all).map((name) => `${name} in the log of ${String(line['request_id'])}`),
    ),
    ...events.flatMap(({ data }) =>
      tracesIn(JSON.stringify(data), all).map((name) => `${name} in the event of ${String(data['request_id'])}`),
    ),
  ];
}

test('the search finds what it has to', () => {
  const secret = 'c2Vj+mV0/G9m/2NvbnRyYWN0+w==';
  const searched = new Map([['secret', secret]]);
  for (const offset of [0, 1, 2, 3]) {
    const around = `${'-'.repeat(offset)}client_secret=${secret}&`;
    const bytes = Buffer.from(around);
    for (const text of [
      around,
      encodeURIComponent(around),
      bytes.toString('base64'),
      bytes.toString('hex').toUpperCase(),
    ]) {
      expect(tracesIn(`{"description":"it was x${text}!"}`, searched)).toEqual(['secret']);
    }
    expect(tracesIn(bytes.toString('base64url'), searched)).toEqual(['secret']);
    expect(tracesIn(encodeURIComponent(bytes.toString('base64')), searched)).toEqual(['secret']);
  }
  expect(tracesIn(JSON.stringify({ description: 'nothing of the kind' }), searched)).toEqual([]);
});

const callsOf = (of: World) =>
  upstreamCalls.map(([name, call]): Call => {
    const [method, path, request] = call.request(of);
    return [name, method, path, request];
  });

test('calls that succeed give their callers their own new tokens, and the log nothing', async () => {
  const fresh = await makeWorld(gateway);
  // Deletions last: what they take away, the others need.
  const calls = callsOf(fresh).toSorted(
    ([one], [another]) => Number(one.startsWith('DELETE')) - Number(another.startsWith('DELETE')),
  );
  const seen: Seen[] = [];
  for (const call of calls) seen.push(await collect([call], fresh));
  expect(seen.flatMap(leaksOf)).toEqual([]);
  expect(seen.filter(({ answers }) => (answers[0]?.status ?? 500) < 400).length).toBeGreaterThan(20);
});

const key = () => world.partner.client_secret;

describe('calls that are refused say nothing', () => {
  /** Every request that somebody has got wrong. */
  const spoilt: [string, (request: TestRequest) => TestRequest][] = [
    [
      'another partner’s key beside it',
      (request) => combined({ headers: { 'x-api-key': other.partner.client_secret } }, request),
    ],
    ['a mistyped key', () => authorization(`Bearer ${key().slice(0, -1)}_`)],
    ['a key of nobody', () => authorization(makeKey('99999999'))],
    ['a key in quotes', () => authorization(`Bearer "${key()}"`)],
    ['a key twice', () => authorization(`${key()}, ${key()}`)],
    ['a key as the password of somebody else', () => basic({ client_id: '87654321', client_secret: key() })],
    ['a key as a token of another scheme', () => authorization(`Digest ${key()}`)],
    ['a token with something behind it', () => authorization(`Bearer ${world.user.token}, x`)],
    ['a token of nobody', () => authorization('Bearer bm9ib2R5bm9ib2R5bm9ib2R5')],
    ['a token as Basic', () => authorization(`Basic ${world.user.token}`)],
    ['the real client secret', () => form({ client_id: '1', client_secret: secrets.get('client secret') ?? '' })],
    [
      'the real admin token as a client secret',
      () => json({ client_id: 1, client_secret: secrets.get('admin token') }),
    ],
    [
      'half of JSON',
      ({ headers = {} }) => ({
        headers: { ...headers, 'content-type': 'application/json' },
        body: `{"client_secret":"${key()}","code":"${world.code}"`,
      }),
    ],
    [
      'JSON with a name twice',
      () => ({ headers: json({}).headers, body: `{"code":"${world.code}","code":"${key()}"}` }),
    ],
    [
      'a form with a name twice',
      () => ({ headers: form({}).headers, body: `code=${encodeURIComponent(world.code)}&code=${key()}` }),
    ],
    [
      'half of multipart',
      () => ({ headers: multipart({}).headers, body: `--a b\r\nContent-Disposition: form-data; name="${key()}"` }),
    ],
    [
      'a body of another type',
      () => ({ headers: { 'content-type': `text/${key()}` }, body: JSON.stringify({ code: world.code }) }),
    ],
    [
      'secrets where other values belong',
      () =>
        combined(
          json({
            id_user: key(),
            scope: world.user.token,
            duration: key(),
            expire: key(),
            application: `\0${key()}`,
            grant_type: world.code,
            code: `${world.code} `,
          }),
          authorization(key()),
        ),
    ],
    ['secrets as names', () => combined(json({ [key()]: 1, [world.user.token]: 2 }), authorization(key()))],
    ['a code of another partner', () => json({ ...credentialsOf(world), code: other.code })],
    ['a code of nobody', () => form({ ...credentialsOf(world), code: 'bm9ib2R5J3MgY29kZSBhdCBhbGw=' })],
    [
      'a redirect URI with a code in it',
      () => form({ ...credentialsOf(world), code: world.code, redirect_uri: `https://example.com/${world.code}` }),
    ],
    ['a user of another partner', () => json({ ...credentialsOf(world), id_user: other.user.id })],
    ['nothing', () => ({})],
  ];

  test.each(spoilt)('%s', async (_what, spoil) => {
    const calls = callsOf(world).map(([name, method, path, request]): Call => [name, method, path, spoil(request)]);
    expect(leaksOf(await collect(calls))).toEqual([]);
  });

  test('paths and queries', async () => {
    const query = new URLSearchParams({
      client_secret: key(),
      access_token: world.user.token,
      code: world.code,
    }).toString();
    const paths: [string, string][] = [
      ['GET', `/users/${key()}`],
      ['GET', `/users/${encodeURIComponent(world.user.token)}`],
      ['DELETE', `/users/${other.user.id}?${query}`],
      ['POST', `/users/${world.user.token}/token`],
      ['GET', `/certificate/${key()}`],
      ['GET', `/certificate/qwac?expand=${key()}`],
      ['GET', `/auth/token/code?type=${key()}&${query}`],
      ['GET', `/webauth?${query}`],
      ['GET', `/webauth?client_id=${key()}&redirect_uri=${world.code}`],
      [
        'GET',
        `/webauth?client_id=${world.partner.client_id}&redirect_uri=https://example.com/${world.code}&token=${world.code}`,
      ],
      ['GET', `/webauth/callback?state=${key()}&${query}`],
      ['GET', `/webauth/callback?state=${world.code}.${world.user.token}&error=${key()}`],
    ];
    for (const accept of ['text/html', 'application/json']) {
      const headers = { accept, authorization: key() };
      const calls = paths.map(([method, path]): Call => [`${method} ${path}`, method, path, { headers }]);
      expect(leaksOf(await collect(calls))).toEqual([]);
    }
  });
});

const credentialsOf = ({ partner: { client_id, client_secret } }: World) => ({ client_id, client_secret });

describe('calls that fail say nothing', () => {
  const failing: [string, () => Promise<Seen>][] = [
    [
      'Budgea repeats everything and fails',
      async () => {
        hostile.behave = ({ headers, body, path }, response) =>
          response
            .writeHead(500)
            .end(JSON.stringify({ code: `${path} ${body}`, description: headers.join(' '), message: body }));
        return gateway.withUpstream(hostile.url, () => collect(callsOf(world)));
      },
    ],
    [
      'Budgea repeats everything and succeeds',
      async () => {
        hostile.behave = ({ headers, body, path }, response) => {
          const tokens = { auth_token: 'a', jwt_token: 'a', access_token: 'a', token: 'a', code: 'a' };
          response.end(
            JSON.stringify({ id: 7, type: body, users: [], platform: path, ...tokens, headers: headers.join(' ') }),
          );
        };
        const fresh = await makeWorld(gateway);
        return gateway.withUpstream(hostile.url, () => collect(callsOf(fresh), fresh));
      },
    ],
    [
      'Budgea breaks the connection',
      async () => {
        hostile.behave = (_arrived, _response, socket) => socket.resetAndDestroy();
        return gateway.withUpstream(hostile.url, () => collect(callsOf(world)));
      },
    ],
    ['Budgea is nowhere', () => gateway.withUpstream('http://127.0.0.1:1/2.0', () => collect(callsOf(world)))],
    ['Budgea is no URL', () => gateway.withUpstream('nowhere', () => collect(callsOf(world)))],
    [
      'the table is down',
      async () => {
        aws.tableDown = true;
        return collect(callsOf(world)).finally(() => (aws.tableDown = false));
      },
    ],
    ['Budgea rejects the gateway’s credentials', () => rejected(() => collect(callsOf(world)))],
    [
      'Budgea rejects them, and Secrets Manager is down',
      async () => {
        aws.secretsFailure = 'internal';
        return rejected(() => collect(callsOf(world))).finally(() => (aws.secretsFailure = undefined));
      },
    ],
    [
      'Budgea rejects them, and the secrets are not what they should be',
      async () => {
        const { writeSecret } = await import('#local/secrets.ts');
        const names = ['client-credentials', 'admin-token', 'manage-token'] as const;
        const values = await Promise.all(names.map(async (name) => gateway.secret(name)));
        for (const name of names) await writeSecret(name, { unexpected: [...secrets.values()] });
        const seen = await rejected(() => collect(callsOf(world)));
        for (const [at, name] of names.entries()) await writeSecret(name, values[at]);
        return seen;
      },
    ],
  ];

  test.each(failing)('%s', async (_what, fail) => {
    expect(leaksOf(await fail())).toEqual([]);
  });
});

/** Lets upstream reject whatever credential comes. */
function rejected<T>(during: () => Promise<T>): Promise<T> {
  hostile.behave = ({ headers }, response) =>
    response.writeHead(401).end(JSON.stringify({ code: 'invalidClient', description: headers.join(' ') }));
  return gateway.withUpstream(hostile.url, during);
}
