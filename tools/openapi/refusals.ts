import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basePath } from '#lib/operations/table.ts';
import { startApiGateway, type ApiGatewayOptions } from '#local/api-gateway/server.ts';
import { loadRoutes } from '#local/routes.ts';
import { bearer } from './credentials.ts';
import type { Recording } from './record.ts';
import type { Call } from './recorder.ts';
import { newUser, temporaryCode } from './successes/common.ts';

const json = 'application/json';
const tooMuch = { contentType: json, body: JSON.stringify({ scope: 'x'.repeat(16 * 1024) }) };
const xml = { contentType: 'application/xml', body: '<scope/>' };

/** Everything but what is refused. */
type Refused = Omit<Call, 'name' | 'summary' | 'status'>;

/** Records how the gateway, Budgea and API Gateway refuse, in every shape that refusals have. The stack's secrets are of no use afterwards. */
export async function recordRefusals(recording: Recording): Promise<void> {
  const { call, stack, wrongKey } = recording;
  const { client_id, client_secret, redirect_uri } = stack.partner;
  const key = bearer(client_secret);
  const { body } = await call(newUser(stack.partner));
  const { id_user } = body as { id_user: number };
  const token = bearer(String(body['auth_token']));
  const foreign = await call(newUser(stack.manager));

  const me: Refused = { operation: 'users_id_user_get', caller: 'token', path: { id_user: 'me' }, headers: token };
  const jwt: Refused = { operation: 'auth_jwt_post', caller: 'bearer_key', headers: key };
  const access: Refused = {
    operation: 'auth_token_access_post',
    caller: 'client',
    mediaType: json,
    fields: { client_id, client_secret, code: 'NO-SUCH-CODE' },
  };
  const connect: Refused = {
    operation: 'webauth_get',
    caller: 'anonymous',
    query: { client_id, redirect_uri, state: 'A-STATE-OF-YOURS' },
  };
  const shapes = [me, access, { ...connect, headers: { accept: json } }, connect];

  await call({
    ...me,
    headers: key,
    caller: 'bearer_key',
    ...says('invalidValue', 400, 'A value that is not taken: `me` with a partner key'),
  });
  await call({
    operation: 'users_id_user_token_post',
    caller: 'bearer_key',
    path: { id_user },
    headers: key,
    ...says('missingParameter', 400, 'A field that is missing'),
  });
  await call({ operation: 'auth_jwt_post', caller: 'anonymous', ...says('unauthorized', 401, 'No credentials') });
  await call({
    ...jwt,
    headers: bearer(wrongKey),
    ...says('invalidClient', 401, 'A key that is wrong, unknown or disabled'),
  });
  await call({
    ...me,
    headers: bearer('A-REVOKED-TOKEN'),
    ...says('invalidToken', 403, 'A token that is revoked, expired or was never one'),
  });
  await call({ ...jwt, operation: 'admin_jwt_post', ...says('forbidden', 403, 'Credentials that do not allow this') });
  const path = { id_user: Number(foreign.body['id_user']) };
  await call({
    ...me,
    caller: 'bearer_key',
    headers: key,
    path,
    ...says('notFound', 404, 'A user who is not the partner’s, or nobody’s'),
  });
  await call({ ...jwt, raw: tooMuch, ...says('payloadTooLarge', 413, 'A body over 16 KiB') });
  await call({ ...jwt, raw: xml, ...says('unsupportedMediaType', 415, 'A body of another media type') });

  await call({
    ...access,
    fields: { client_id, client_secret },
    ...says('missingParameter', 400, 'A field that is missing'),
  });
  await call({
    ...access,
    fields: { ...access.fields, grant_type: 'password' },
    ...says('invalidValue', 400, 'A value that is not taken: another grant_type'),
  });
  await call({ ...access, ...says('invalidCode', 400, 'A code that is unknown, expired, used or another partner’s') });
  await call({
    ...access,
    caller: 'anonymous',
    fields: { code: 'NO-SUCH-CODE' },
    ...says('unauthorized', 401, 'No credentials'),
  });
  await call({
    ...access,
    fields: { ...access.fields, client_secret: wrongKey },
    ...says('invalidClient', 401, 'A key that is wrong, unknown or disabled'),
  });
  const identified = { 'x-api-key': client_secret };
  await call({
    ...access,
    caller: 'api_key',
    headers: identified,
    fields: { code: 'NO-SUCH-CODE' },
    ...says('forbidden', 403, 'Credentials that do not allow this'),
  });
  await call({ ...access, raw: tooMuch, ...says('payloadTooLarge', 413, 'A body over 16 KiB') });
  await call({ ...access, raw: xml, ...says('unsupportedMediaType', 415, 'A body of another media type') });

  const { body: issued } = await call(temporaryCode(String(body['auth_token'])));
  for (const page of shapes.slice(2)) {
    await call({ ...page, query: { client_id }, ...says('missingParameter', 400, 'A field that is missing') });
    const wrong = { ...page.query, redirect_uri: 'https://app.example/elsewhere' };
    await call({ ...page, query: wrong, ...says('invalidValue', 400, 'A redirect URI that is not registered') });
    await call({
      ...page,
      query: { ...page.query, id_connection: 999_999, token: String(issued['code']) },
      ...says('notFound', 404, 'A connection that does not exist'),
    });
  }

  for (const refused of shapes) await failing(recording, refused);
  await late(recording, shapes);
  await byApiGateway(recording);
  await rejected(recording, { ...jwt, operation: 'users_id_user_get', path: { id_user } });
}

/** The name, the words and the status of a refusal. */
function says(name: string, status: number, summary: string): Pick<Call, 'name' | 'summary' | 'status'> {
  return { name, summary, status };
}

/** What becomes of Budgea's own failures, and of the gateway's. */
async function failing({ call, stack: { sandbox = '' } }: Recording, refused: Refused): Promise<void> {
  for (const [answer, code, status, summary] of [
    ['tooManyRequests', 'tooManyRequests', 429, 'The banking API has had too many calls'],
    ['html', 'badGateway', 502, 'The banking API answers with something else than its API'],
    ['maintenance', 'maintenance', 503, 'The banking API is being maintained'],
  ] as const) {
    await control(sandbox, 'failures', { answer, retry_after: 7, times: 2 });
    await call({ ...refused, ...says(code, status, summary) });
    await fetch(new URL('/_sandbox/failures', sandbox), { method: 'DELETE' });
  }
  await having({ BUDGEA_URL: '' }, () => call({ ...refused, ...says('bug', 500, 'A mistake of the gateway') }));
}

/** What callers get when Budgea does not answer, in an environment where nobody waits long. */
async function late({ call }: Recording, shapes: readonly Refused[]): Promise<void> {
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo; // Neither a pipe nor closed.
  await having({ BUDGEA_URL: `http://127.0.0.1:${port}/2.0` }, async () => {
    const options = { routes: await loadRoutes(), functionTimeoutMs: 600 };
    await through(options, async (url) => {
      for (const refused of shapes)
        await call({ ...refused, ...says('gatewayTimeout', 504, 'The banking API does not answer in time') }, url);
    });
  });
  silent.closeAllConnections();
  silent.close();
}

/** What API Gateway answers when no function's answer can be given. */
async function byApiGateway({ call }: Recording): Promise<void> {
  const never = Promise.withResolvers<string>();
  const init: Refused = { operation: 'auth_init_post', caller: 'anonymous' };
  const route = { method: 'POST', path: `${basePath}/auth/init`, functionName: 'auth-init-post' };
  const answering = (handler: () => Promise<string>) => [{ ...route, handler }];
  const refusing = async (options: Omit<ApiGatewayOptions, 'port'>, ended: Call) =>
    through(options, (url) => call(ended, url));

  await refusing(
    { routes: answering(() => Promise.reject(new Error('a test'))) },
    { ...init, ...says('failed', 500, 'API Gateway: a function that failed') },
  );
  await refusing(
    { routes: answering(async () => ''), maxConcurrency: 0 },
    { ...init, ...says('throttled', 429, 'API Gateway: more calls than the limits allow') },
  );
  const huge = { contentType: json, body: ' '.repeat(10 * 1024 * 1024 + 1) };
  await refusing(
    { routes: answering(async () => '') },
    { ...init, raw: huge, ...says('over10MB', 413, 'API Gateway: a body over 10 MB') },
  );
  await through({ routes: answering(() => never.promise), timeoutMs: 1 }, async (url) => {
    await call({ ...init, ...says('late', 503, 'API Gateway: a function that does not answer') }, url);
    // API Gateway stops when the function has ended.
    never.resolve('');
  });
}

/** What callers get when Budgea rejects the gateway's own credentials. */
async function rejected({ call, stack: { sandbox = '' } }: Recording, refused: Refused): Promise<void> {
  await control(sandbox, 'manage-tokens/revoke', { all: true });
  await call({ ...refused, ...says('unavailable', 503, 'The gateway’s own credentials are rejected') });
}

/** Runs something against another API Gateway, which stops afterwards. */
async function through<T>(options: Omit<ApiGatewayOptions, 'port'>, run: (url: string) => Promise<T>): Promise<T> {
  const api = await startApiGateway({ port: 0, ...options });
  try {
    return await run(api.url + basePath);
  } finally {
    await api.close();
  }
}

/** Runs something with other settings of the functions. */
async function having<T>(settings: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  return run().finally(() => Object.assign(process.env, before));
}

async function control(sandbox: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(new URL(`/_sandbox/${path}`, sandbox), {
    method: 'POST',
    headers: { 'content-type': json },
    body: JSON.stringify(fields),
  });
  if (!answer.ok) throw new Error(`the sandbox’s ${path} answers ${answer.status}`);
}
