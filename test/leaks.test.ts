import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '#lib/partner-key.ts';
import { noFault, startTestAws, unreachable, type TestAws } from './aws.ts';
import { storedEvents, type ReceivedEvent } from './events.ts';
import {
  apiKey,
  authorization,
  basic,
  bearer,
  combine,
  form,
  json,
  multipart,
  startGateway,
  type Gateway,
} from './gateway.ts';
import type { TestResponse, TestRequest } from './invoke.ts';
import { tracesIn } from './traces.ts';
import { createContext, upstreamCalls, type CallContext } from './upstream/calls.ts';
import { startHostile, type HostileServer } from './upstream/hostile.ts';

let aws: TestAws;
let gateway: Gateway;
let hostile: HostileServer;
let context: CallContext;
let other: CallContext;
/** The gateway's secrets, by name. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  aws = await startTestAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  hostile = await startHostile();
  [context, other] = [await createContext(gateway), await createContext(gateway)];
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

/** All output of the gateway for a number of calls. */
interface Output {
  responses: { name: string; status: number; text: string }[];
  log: Record<string, unknown>[];
  /** The events of the local stack's console. */
  events: ReceivedEvent[];
  /** Tokens and codes in the responses, and keys in the requests: their owners may see them, the log may not. */
  personal: Set<string>;
}

type Call = [name: string, method: string, path: string, request: TestRequest];

/** Makes concurrent calls and collects the output. */
async function collect(calls: Call[], ...contexts: CallContext[]): Promise<Output> {
  const results = await Promise.all(
    calls.map(async ([name, method, path, request]) => ({
      name,
      response: await gateway.call.http(method, path, request),
    })),
  );
  const personal = new Set(
    [context, other, ...contexts].flatMap(({ partner, user, code }) => [partner.client_secret, user.token, code]),
  );
  for (const { response } of results) for (const token of tokensIn(response)) personal.add(token);
  return {
    responses: results.map(({ name, response: { status, text, headers } }) => ({
      name,
      status,
      text: `${text}\n${JSON.stringify(headers)}`,
    })),
    log: gateway.logs(),
    events: (await storedEvents(gateway.file.gateway)).slice(-calls.length),
    personal,
  };
}

/** Returns the tokens and codes in a response. */
function tokensIn({ body }: TestResponse): string[] {
  const { auth_token, jwt_token, access_token, token, code, status } = (body ?? {}) as Record<string, unknown>;
  const values = [auth_token, jwt_token, access_token, token, status === undefined ? code : undefined];
  return values.filter((value): value is string => typeof value === 'string' && value.length > 20);
}

/** Searches responses for the gateway's secrets, and the log and the events for these and for personal values. */
function leaksIn({ responses, log, events, personal }: Output): string[] {
  expect(log).not.toEqual([]);
  expect(events).not.toEqual([]);
  const all = new Map([...secrets, ...[...personal].map((secret): [string, string] => [secret.slice(0, 14), secret])]);
  return [
    ...responses.flatMap(({ name, text }) =>
      tracesIn(text, secrets).map((secret) => `${secret} in the response to ${name}`),
    ),
    ...log.flatMap((line) =>
      tracesIn(JSON.stringify(line), all).map((name) => `${name} in the log of ${String(line['request_id'])}`),
    ),
    ...events.flatMap(({ data }) =>
      tracesIn(JSON.stringify(data), all).map((name) => `${name} in the event of ${String(data['request_id'])}`),
    ),
  ];
}

test('the search finds encoded secrets', () => {
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
  expect(tracesIn(JSON.stringify({ description: 'no secret' }), searched)).toEqual([]);
});

const callsOf = (of: CallContext) =>
  upstreamCalls.map(([name, call]): Call => {
    const [method, path, request] = call.request(of);
    return [name, method, path, request];
  });

test('successful calls leak nothing', async () => {
  const fresh = await createContext(gateway);
  // Deletions come last, as the other calls need the resources.
  const calls = callsOf(fresh).toSorted(
    ([one], [another]) => Number(one.startsWith('DELETE')) - Number(another.startsWith('DELETE')),
  );
  const outputs: Output[] = [];
  for (const call of calls) outputs.push(await collect([call], fresh));
  expect(outputs.flatMap(leaksIn)).toEqual([]);
  expect(outputs.filter(({ responses }) => (responses[0]?.status ?? 500) < 400).length).toBeGreaterThan(20);
});

const key = () => context.partner.client_secret;

describe('rejected calls leak nothing', () => {
  /** Changes that make a request invalid. */
  const invalid: [string, (request: TestRequest) => TestRequest][] = [
    ['an additional key of another partner', (request) => combine(apiKey(other.partner.client_secret), request)],
    ['a mistyped key', () => bearer(`${key().slice(0, -1)}_`)],
    ['an unknown key', () => authorization(makeKey('99999999'))],
    ['a key in quotes', () => bearer(`"${key()}"`)],
    ['a repeated key', () => authorization(`${key()}, ${key()}`)],
    ['a key as the password of another partner', () => basic({ client_id: '87654321', client_secret: key() })],
    ['a key with another scheme', () => authorization(`Digest ${key()}`)],
    ['a token with a suffix', () => bearer(`${context.user.token}, x`)],
    ['an unknown token', () => bearer('bm9ib2R5bm9ib2R5bm9ib2R5')],
    ['a token as Basic', () => authorization(`Basic ${context.user.token}`)],
    ['the real client secret', () => form({ client_id: '1', client_secret: secrets.get('client secret') ?? '' })],
    [
      'the real admin token as a client secret',
      () => json({ client_id: 1, client_secret: secrets.get('admin token') }),
    ],
    [
      'truncated JSON',
      ({ headers = {} }) => ({
        headers: { ...headers, 'content-type': 'application/json' },
        body: `{"client_secret":"${key()}","code":"${context.code}"`,
      }),
    ],
    [
      'JSON with a repeated name',
      () => ({ headers: json({}).headers, body: `{"code":"${context.code}","code":"${key()}"}` }),
    ],
    [
      'a form with a repeated name',
      () => ({ headers: form({}).headers, body: `code=${encodeURIComponent(context.code)}&code=${key()}` }),
    ],
    [
      'truncated multipart',
      () => ({ headers: multipart({}).headers, body: `--a b\r\nContent-Disposition: form-data; name="${key()}"` }),
    ],
    [
      'a body of another media type',
      () => ({ headers: { 'content-type': `text/${key()}` }, body: JSON.stringify({ code: context.code }) }),
    ],
    [
      'secrets in other fields',
      () =>
        combine(
          json({
            id_user: key(),
            scope: context.user.token,
            duration: key(),
            expire: key(),
            application: `\0${key()}`,
            grant_type: context.code,
            code: `${context.code} `,
          }),
          authorization(key()),
        ),
    ],
    ['secrets as field names', () => combine(json({ [key()]: 1, [context.user.token]: 2 }), authorization(key()))],
    ['a code of another partner', () => json({ ...credentialsOf(context), code: other.code })],
    ['an unknown code', () => form({ ...credentialsOf(context), code: 'bm9ib2R5J3MgY29kZSBhdCBhbGw=' })],
    [
      'a redirect URI that contains a code',
      () =>
        form({ ...credentialsOf(context), code: context.code, redirect_uri: `https://example.com/${context.code}` }),
    ],
    ['a user of another partner', () => json({ ...credentialsOf(context), id_user: other.user.id })],
    ['nothing', () => ({})],
  ];

  test.each(invalid)('%s', async (_what, change) => {
    const calls = callsOf(context).map(([name, method, path, request]): Call => [name, method, path, change(request)]);
    expect(leaksIn(await collect(calls))).toEqual([]);
  });

  test('secrets in paths and queries', async () => {
    const query = new URLSearchParams({
      client_secret: key(),
      access_token: context.user.token,
      code: context.code,
    }).toString();
    const paths: [string, string][] = [
      ['GET', `/users/${key()}`],
      ['GET', `/users/${encodeURIComponent(context.user.token)}`],
      ['DELETE', `/users/${other.user.id}?${query}`],
      ['POST', `/users/${context.user.token}/token`],
      ['GET', `/certificate/${key()}`],
      ['GET', `/certificate/qwac?expand=${key()}`],
      ['GET', `/auth/token/code?type=${key()}&${query}`],
      ['GET', `/webauth?${query}`],
      ['GET', `/webauth?client_id=${key()}&redirect_uri=${context.code}`],
      [
        'GET',
        `/webauth?client_id=${context.partner.client_id}&redirect_uri=https://example.com/${context.code}&token=${context.code}`,
      ],
      ['GET', `/webauth/callback?state=${key()}&${query}`],
      ['GET', `/webauth/callback?state=${context.code}.${context.user.token}&error=${key()}`],
    ];
    for (const accept of ['text/html', 'application/json']) {
      const headers = { accept, authorization: key() };
      const calls = paths.map(([method, path]): Call => [`${method} ${path}`, method, path, { headers }]);
      expect(leaksIn(await collect(calls))).toEqual([]);
    }
  });
});

const credentialsOf = ({ partner: { client_id, client_secret } }: CallContext) => ({ client_id, client_secret });

describe('failing calls leak nothing', () => {
  const failing: [string, () => Promise<Output>][] = [
    [
      'Budgea repeats the request in an error',
      async () => {
        hostile.respond = ({ headers, body, path }, response) =>
          response
            .writeHead(500)
            .end(JSON.stringify({ code: `${path} ${body}`, description: headers.join(' '), message: body }));
        return gateway.withUpstream(hostile.url, () => collect(callsOf(context)));
      },
    ],
    [
      'Budgea repeats the request in a success',
      async () => {
        hostile.respond = ({ headers, body, path }, response) => {
          const tokens = { auth_token: 'a', jwt_token: 'a', access_token: 'a', token: 'a', code: 'a' };
          response.end(
            JSON.stringify({ id: 7, type: body, users: [], platform: path, ...tokens, headers: headers.join(' ') }),
          );
        };
        const fresh = await createContext(gateway);
        return gateway.withUpstream(hostile.url, () => collect(callsOf(fresh), fresh));
      },
    ],
    [
      'Budgea resets the connection',
      async () => {
        hostile.respond = (_received, _response, socket) => socket.resetAndDestroy();
        return gateway.withUpstream(hostile.url, () => collect(callsOf(context)));
      },
    ],
    ['Budgea is unreachable', () => gateway.withUpstream('http://127.0.0.1:1/2.0', () => collect(callsOf(context)))],
    ['Budgea’s URL is invalid', () => gateway.withUpstream('nowhere', () => collect(callsOf(context)))],
    [
      'the table is unreachable',
      async () => {
        aws.fault = unreachable;
        return collect(callsOf(context)).finally(() => (aws.fault = noFault));
      },
    ],
    ['Budgea rejects the gateway’s credentials', () => rejected(() => collect(callsOf(context)))],
    [
      'Budgea rejects them, and Secrets Manager is unavailable',
      async () => {
        aws.secretsFailure = 'internal';
        return rejected(() => collect(callsOf(context))).finally(() => (aws.secretsFailure = undefined));
      },
    ],
    [
      'Budgea rejects them, and the secrets are malformed',
      async () => {
        const { writeSecret } = await import('#local/secrets.ts');
        const names = ['client-credentials', 'admin-token', 'manage-token'] as const;
        const values = await Promise.all(names.map(async (name) => gateway.secret(name)));
        for (const name of names) await writeSecret(name, { unexpected: [...secrets.values()] });
        const output = await rejected(() => collect(callsOf(context)));
        for (const [at, name] of names.entries()) await writeSecret(name, values[at]);
        return output;
      },
    ],
  ];

  test.each(failing)('%s', async (_what, fail) => {
    expect(leaksIn(await fail())).toEqual([]);
  });
});

/** Runs `during` with an upstream that rejects every credential. */
function rejected<T>(during: () => Promise<T>): Promise<T> {
  hostile.respond = ({ headers }, response) =>
    response.writeHead(401).end(JSON.stringify({ code: 'invalidClient', description: headers.join(' ') }));
  return gateway.withUpstream(hostile.url, during);
}
