import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basePath } from '#lib/operations/table.ts';
import { startApiGateway, type ApiGatewayOptions } from '#local/api-gateway/server.ts';
import { loadRoutes } from '#local/routes.ts';
import type { Answer } from '../calls.ts';
import { bearer, type ExampleCall, type ExampleContext } from './examples.ts';

/** The context of the error examples. */
export interface ErrorRecording extends ExampleContext {
  sandbox: string;
  /** The partner's key with another last character. */
  wrongKey: string;
  /** Makes a call to the stack, or to another gateway in front of the same functions, and records it. */
  record: (call: ExampleCall, url?: string) => Promise<Answer>;
}

const json = 'application/json';

/** A call without its error. */
type Base = Omit<ExampleCall, 'name' | 'summary' | 'status'>;

/** The name of an error, its status and its summary. */
type Failure = readonly [name: string, status: number, summary: string];

const missingParameter = ['missingParameter', 400, 'A missing field'] as const;
const unauthorized = ['unauthorized', 401, 'No credentials'] as const;
const invalidClient = ['invalidClient', 401, 'A wrong, unknown or disabled key'] as const;
const forbidden = ['forbidden', 403, 'Credentials that do not allow the operation'] as const;
const payloadTooLarge = ['payloadTooLarge', 413, 'A body over 16 KiB'] as const;
const unsupportedMediaType = ['unsupportedMediaType', 415, 'A body of another media type'] as const;

/** Records the error responses of the gateway, of Budgea and of API Gateway, in every shape. Revokes the stack's manage tokens. */
export async function recordErrors(recording: ErrorRecording): Promise<void> {
  const { partner, manager, sandbox, wrongKey, record, newUser, newCode } = recording;
  const { client_id, client_secret, redirect_uri } = partner;
  const user = await newUser();
  const foreign = await newUser(manager);
  const { id_user } = user;

  const key = { caller: 'bearer_key', headers: bearer(client_secret) } as const;
  const me: Base = {
    operation: 'users_id_user_get',
    caller: 'token',
    path: { id_user: 'me' },
    headers: bearer(user.token),
  };
  const jwt: Base = { operation: 'auth_jwt_post', ...key };
  const fields = { client_id, client_secret, code: 'NO-SUCH-CODE' };
  const access: Base = { operation: 'auth_token_access_post', caller: 'client', mediaType: json, fields };
  const connect = { client_id, redirect_uri, state: 'A-STATE-OF-YOURS' };
  const page: Base = { operation: 'webauth_get', caller: 'anonymous', query: connect };
  const pageAsJson: Base = { ...page, headers: { accept: json } };
  const shapes = [me, access, pageAsJson, page];
  const tooLarge = { raw: { contentType: json, text: JSON.stringify({ scope: 'x'.repeat(16 * 1024) }) } };
  const xml = { raw: { contentType: 'application/xml', text: '<scope/>' } };
  const withoutKey = { ...access, fields: { code: 'NO-SUCH-CODE' } };

  const cases: (readonly [Base, Failure])[] = [
    [{ ...me, ...key }, ['invalidValue', 400, 'An invalid value: `me` with a partner key']],
    [{ operation: 'users_id_user_token_post', ...key, path: { id_user } }, missingParameter],
    [{ operation: 'auth_jwt_post', caller: 'anonymous' }, unauthorized],
    [{ ...jwt, headers: bearer(wrongKey) }, invalidClient],
    [{ ...me, headers: bearer('A-REVOKED-TOKEN') }, ['invalidToken', 403, 'A revoked, expired or unknown token']],
    [{ ...jwt, operation: 'admin_jwt_post' }, forbidden],
    [
      { ...me, ...key, path: { id_user: foreign.id_user } },
      ['notFound', 404, 'A user of another partner, or an unknown one'],
    ],
    [{ ...jwt, ...tooLarge }, payloadTooLarge],
    [{ ...jwt, ...xml }, unsupportedMediaType],

    [{ ...access, fields: { client_id, client_secret } }, missingParameter],
    [
      { ...access, fields: { ...fields, grant_type: 'password' } },
      ['invalidValue', 400, 'An invalid value: another grant_type'],
    ],
    [access, ['invalidCode', 400, 'A code that is unknown, expired, used or another partner’s']],
    [{ ...withoutKey, caller: 'anonymous' }, unauthorized],
    [{ ...access, fields: { ...fields, client_secret: wrongKey } }, invalidClient],
    [{ ...withoutKey, caller: 'api_key', headers: { 'x-api-key': client_secret } }, forbidden],
    [{ ...access, ...tooLarge }, payloadTooLarge],
    [{ ...access, ...xml }, unsupportedMediaType],
  ];
  const token = await newCode(user);
  for (const shape of [pageAsJson, page]) {
    const elsewhere = { ...connect, redirect_uri: 'https://app.example/elsewhere' };
    cases.push(
      [{ ...shape, query: { client_id } }, missingParameter],
      [{ ...shape, query: elsewhere }, ['invalidValue', 400, 'A redirect URI that is not registered']],
      [
        { ...shape, query: { ...connect, id_connection: 999_999, token } },
        ['notFound', 404, 'A connection that does not exist'],
      ],
    );
  }
  const recordCase = async (base: Base, [name, status, summary]: Failure, url?: string) =>
    record({ ...base, name, status, summary }, url);
  for (const [base, failure] of cases) await recordCase(base, failure);

  for (const shape of shapes) {
    for (const [answer, failure] of [
      ['tooManyRequests', ['tooManyRequests', 429, 'Too many calls to the banking API']],
      ['html', ['badGateway', 502, 'The banking API returns something other than its API']],
      ['maintenance', ['maintenance', 503, 'The banking API is under maintenance']],
    ] as const) {
      await control(sandbox, 'failures', { answer, retry_after: 7, times: 2 });
      await recordCase(shape, failure);
      await fetch(new URL('/_sandbox/failures', sandbox), { method: 'DELETE' });
    }
    await withBudgea('', () => recordCase(shape, ['bug', 500, 'An error of the gateway itself']));
  }
  await withSilentBudgea(async (url) => {
    for (const shape of shapes) {
      await recordCase(shape, ['gatewayTimeout', 504, 'The banking API does not answer in time'], url);
    }
  });
  await recordApiGatewayErrors((failure, url, raw) =>
    recordCase({ operation: 'auth_init_post', caller: 'anonymous', ...raw }, failure, url),
  );
  await control(sandbox, 'manage-tokens/revoke', { all: true });
  await recordCase({ operation: 'users_id_user_get', ...key, path: { id_user } }, [
    'unavailable',
    503,
    'Budgea rejects the gateway’s own credentials',
  ]);
}

/** Runs an API Gateway whose functions wait a short time for a Budgea that does not answer. */
async function withSilentBudgea(run: (url: string) => Promise<void>): Promise<void> {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo; // A TCP server that listens has one.
  const options = { routes: await loadRoutes(), functionTimeoutMs: 600 };
  await withBudgea(`http://127.0.0.1:${port}/2.0`, () => withApiGateway(options, run));
  silent.closeAllConnections();
  silent.close();
}

/** Records the responses of API Gateway itself. */
async function recordApiGatewayErrors(
  record: (failure: Failure, url: string, raw?: Pick<ExampleCall, 'raw'>) => Promise<unknown>,
): Promise<void> {
  const late = Promise.withResolvers<string>();
  const route = { method: 'POST', path: `${basePath}/auth/init`, functionName: 'auth-init-post' };
  const withHandler = (handler: () => Promise<string>) => ({ routes: [{ ...route, handler }] });
  const huge = { raw: { contentType: json, text: ' '.repeat(10 * 1024 * 1024 + 1) } };

  await withApiGateway(
    withHandler(() => Promise.reject(new Error('a test'))),
    (url) => record(['failed', 500, 'API Gateway: a failed function'], url),
  );
  const empty = withHandler(async () => '');
  await withApiGateway({ ...empty, maxConcurrency: 0 }, (url) =>
    record(['throttled', 429, 'API Gateway: more calls than the limits allow'], url),
  );
  await withApiGateway(empty, (url) => record(['over10MB', 413, 'API Gateway: a body over 10 MB'], url, huge));
  await withApiGateway({ ...withHandler(() => late.promise), timeoutMs: 1 }, async (url) => {
    await record(['late', 503, 'API Gateway: a function that does not answer'], url);
    // API Gateway stops when the function has ended.
    late.resolve('');
  });
}

async function withApiGateway(
  options: Omit<ApiGatewayOptions, 'port'>,
  run: (url: string) => Promise<unknown>,
): Promise<void> {
  const api = await startApiGateway({ port: 0, ...options });
  try {
    await run(api.url + basePath);
  } finally {
    await api.close();
  }
}

/** Runs the functions with another Budgea. */
async function withBudgea(url: string, run: () => Promise<unknown>): Promise<void> {
  const { BUDGEA_URL } = process.env;
  Object.assign(process.env, { BUDGEA_URL: url });
  await run().finally(() => Object.assign(process.env, { BUDGEA_URL }));
}

async function control(sandbox: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(new URL(`/_sandbox/${path}`, sandbox), {
    method: 'POST',
    headers: { 'content-type': json },
    body: JSON.stringify(fields),
  });
  if (!answer.ok) throw new Error(`the sandbox’s ${path} returns ${answer.status}`);
}
