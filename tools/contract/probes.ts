import type { QuestionNumber } from './assumptions.ts';
import type { Token } from './domain.ts';
import type { Need, Probe } from './investigation.ts';
import {
  adopt,
  deletesTwice,
  errorOf,
  exchange,
  isInvalidCode,
  isOffered,
  isPermanent,
  isUnknownUser,
  listsAllUsers,
  manageJwt,
  managesUser,
  newCode,
  readsCertificates,
  rejectsBadClient,
  rejectsToken,
  rejectsWebauth,
  renew,
  secondToken,
} from './steps.ts';
import { isSuccess } from './users.ts';

const probe = (question: QuestionNumber, needs: readonly Need[], run: Probe['run']): Probe => ({
  question,
  needs,
  run,
});

const malformed: Token = { kind: 'malformed token', value: 'not-a-token' };
const unknownId = '999999999';
const minute = 60_000;

/** The probes of all questions. Without a flag none of them creates anything that outlives a few minutes. */
export const probes: readonly Probe[] = [
  probe(1, [], async (context) => rejectsBadClient(context, 'POST /auth/token/access', { code: 'not-a-code' })),
  probe(1, ['--create'], async (context) => {
    await rejectsBadClient(context, 'POST /auth/init', {});
    const half = await context.call('POST /auth/init', { body: { client_id: '10000000' } });
    context.check('half-client-400', half, half.status === 400);
  }),

  probe(2, ['client', '--create'], async (context) => {
    const { call, check, client } = context;
    if (!(await isOffered(context, 'POST /auth/renew'))) return;
    const reply = await call('POST /auth/renew', { body: { grant_type: 'client_credentials', ...client() } });
    check('renew-no-user', reply, reply.status >= 400);
  }),

  probe(3, ['client', '--create'], async (context) => {
    const { check } = context;
    if (!(await isOffered(context, 'POST /auth/renew'))) return;
    const reply = await renew(context, unknownId);
    check('renew-unknown-user', reply, reply.status === 400 || reply.status === 404);
  }),

  probe(4, [], async (context) => {
    const { call, check } = context;
    const none = await call('GET /users/me');
    check('no-token-401', none, none.status === 401);
    rejectsToken(context, await call('GET /users/me', { as: malformed }));
  }),
  probe(4, ['client', '--create'], async (context) => {
    const { call, createUser } = context;
    const user = await createUser();
    const second = await secondToken(context, user);
    await call('DELETE /auth/token', { as: second });
    rejectsToken(context, await call('GET /users/me', { as: second }));
    await call('DELETE /users/me', { as: user.token });
    rejectsToken(context, await call('GET /users/me', { as: user.token }));
  }),

  probe(5, ['users'], async ({ call, check, token }) => {
    const reply = await call('GET /users/{id}', { as: token('users'), at: unknownId });
    check('users-token-manages', reply, reply.status !== 401 && reply.status !== 403);
  }),
  probe(5, ['users', '--create'], (context) =>
    managesUser(context, context.token('users'), 'users-token-manages', 'users-token-manages'),
  ),
  probe(5, ['admin', '--create'], async (context) => {
    const as = await manageJwt(context);
    const reply = await context.call('GET /users/{id}', { as, at: unknownId });
    context.check('unknown-user-404', reply, isUnknownUser(reply));
    await managesUser(context, as, 'manage-jwt-reads', 'manage-jwt-deletes');
  }),

  probe(6, ['--create'], async ({ call, check, createUser }) => {
    const user = await createUser();
    const other = await createUser();
    const reply = await call('GET /users/{id}', { as: user.token, at: other.id });
    check('other-user-rejected', reply, [401, 403, 404].includes(reply.status));
    check('other-user-403', reply, reply.status === 403);
  }),

  probe(7, ['client'], async (context) => {
    const reply = await exchange(context, 'not-a-code');
    context.check('bad-code-400', reply, isInvalidCode(reply));
  }),
  probe(7, ['client', '--create'], async (context) => {
    const { check, createUser } = context;
    const user = await createUser();
    for (const type of ['singleAccess', 'requestAccess'] as const) {
      const code = await newCode(context, user.token, type);
      const first = await exchange(context, code.value);
      check('exchange-fields', first, typeof first.body['access_token'] === 'string');
      const second = await exchange(context, code.value);
      if (type === 'requestAccess') check('standard-code-again', second, isSuccess(second.status));
      else {
        check('single-code-once', second, second.status >= 400);
        check('bad-code-400', second, isSuccess(second.status) || isInvalidCode(second));
      }
    }
  }),

  probe(8, ['client', '--create'], async (context) => {
    const { call, check, createUser } = context;
    const user = await createUser();
    for (const type of ['requestAccess', 'singleAccess'] as const) {
      const code = await newCode(context, user.token, type);
      const replies = [await call('GET /users/me', { as: code }), await call('GET /users/me', { as: code })];
      for (const reply of replies) check('code-is-no-bearer', reply, reply.status >= 400);
      if (type === 'requestAccess') continue;
      const exchanged = await exchange(context, code.value);
      check('code-survives-read', exchanged, isSuccess(exchanged.status));
    }
  }),

  probe(9, ['--create'], async (context) => {
    const user = await context.createUser();
    await newCode(context, user.token, 'singleAccess');
  }),
  probe(9, ['client', '--create', '--slow'], async (context) => {
    const user = await context.createUser();
    const code = await newCode(context, user.token, 'singleAccess');
    await context.sleep(31 * minute);
    const reply = await exchange(context, code.value);
    context.note('The exchange was made 31 minutes after the code.');
    context.check('single-code-life', reply, reply.status >= 400);
  }),

  probe(10, ['client', '--create'], async (context) => {
    if (!(await isOffered(context, 'POST /auth/renew'))) return;
    const user = await context.createUser();
    const code = await newCode(context, user.token, 'requestAccess');
    const renewed = await renew(context, user.id, { revoke_previous: true });
    adopt(user, renewed);
    if (!isSuccess(renewed.status)) return;
    const reply = await exchange(context, code.value);
    adopt(user, reply);
    context.check('renew-keeps-codes', reply, isSuccess(reply.status));
  }),

  probe(11, ['--browser'], ({ prompt }) =>
    prompt(
      'webhooks-user-token',
      'In the console, register a webhook without authentication that you can inspect, and connect a test bank.\n' +
        'Look at the header Authorization of the webhook, then revoke one of two tokens of the user and synchronize again.',
      {
        'the user’s token, also after the revocation': true,
        'the user’s token, and no webhook after the revocation': true,
        'no user token': false,
        'not tried': null,
      },
    ),
  ),

  probe(12, ['client', '--create'], async (context) => {
    const { createUser } = context;
    const user = await createUser();
    await deletesTwice(context, 'DELETE /auth/token', await secondToken(context, user));
    const first = await deletesTwice(context, 'DELETE /users/me', user.token);
    context.check('delete-user-200', first, first.status === 200 && 'id' in first.body);
    const temporary = await createUser('temporary');
    // A temporary token is accepted as a code. The permanent token deletes the user later.
    adopt(temporary, await exchange(context, temporary.token.value));
    if (temporary.tokens.length > 1) {
      await deletesTwice(context, 'DELETE /auth/token', temporary.token, 'temporary-token-delete');
    }
  }),

  probe(13, ['--burst'], async (context) => {
    // A user could not be deleted while the limit lasts.
    await context.deleteUsers();
    const started = context.clock.now();
    let isLimited = false;
    for (let count = 1; count <= 31 && !isLimited; count++) {
      const reply = await context.call('GET /connectors', { unpaced: true });
      isLimited = reply.status >= 400 && ![401, 403, 404].includes(reply.status);
      // For 429 the assumption agrees already.
      if (isLimited) context.check('limit-429', reply, false);
    }
    if (!isLimited) context.note('31 calls met no limit.');
    if (context.clock.now() - started > minute) context.note('The calls took over a minute.');
  }),

  probe(14, ['client'], async ({ call, check, note, client }) => {
    const reply = await call('GET /clients/{id}', { at: client().client_id });
    if (reply.status === 404) note('GET /clients/{id}: 404, not offered.');
    else check('clients-need-token', reply, reply.status >= 400);
  }),
  probe(14, ['client', '--create'], async ({ call, client, createUser }) => {
    await call('GET /clients/{id}', { at: client().client_id, as: (await createUser()).token });
  }),
  ...(['users', 'config'] as const).map((name) =>
    probe(14, ['client', name], async ({ call, client, token }) => {
      await call('GET /clients/{id}', { at: client().client_id, as: token(name) });
    }),
  ),

  probe(15, ['admin'], async (context) => void (await manageJwt(context))),
  probe(15, ['client', '--create'], async ({ call, check, client, createUser }) => {
    const user = await createUser();
    const jwt = await call('POST /auth/jwt', { body: { ...client(), id_user: user.id } });
    check('auth-jwt', jwt, typeof jwt.body['jwt_token'] === 'string');
    const token = await call('POST /users/me/token', { as: user.token, body: { application: 'first-contact' } });
    check('user-token', token, typeof token.body['token'] === 'string');
    const hash = await call('DELETE /hash', { as: user.token });
    check('hash', hash, isSuccess(hash.status));
  }),

  probe(16, ['config'], (context) => readsCertificates(context, 'certificate-config-token', context.token('config'))),
  probe(16, ['admin'], async (context) => {
    const as = await manageJwt(context);
    await readsCertificates(context, 'certificate', as);
  }),
  probe(16, ['users'], (context) => readsCertificates(context, 'certificate-user-token', context.token('users'))),
  probe(16, ['--create'], async (context) =>
    readsCertificates(context, 'certificate-user-token', (await context.createUser()).token),
  ),

  probe(17, ['admin'], async (context) => listsAllUsers(context, await manageJwt(context))),
  probe(17, ['users'], async (context) => {
    const { call, check, token } = context;
    await listsAllUsers(context, token('users'));
    if (!(await isOffered(context, 'GET /users'))) return;
    const page = await call('GET /users', { as: token('users'), query: { limit: '1', offset: '1' } });
    if (!isSuccess(page.status)) return;
    const { users } = page.body;
    check('users-array', page, Array.isArray(users));
    if (Array.isArray(users)) check('users-limit', page, users.length <= 1);
  }),
  probe(17, ['users', '--create'], async (context) => {
    const { call, token, createUser, note } = context;
    const total = async () => (await call('GET /users', { as: token('users') })).body['total'];
    const before = await total();
    if (typeof before !== 'number') return;
    await createUser('temporary');
    note(`A temporary user ${(await total()) === before ? 'does not change' : 'changes'} the total.`);
  }),

  probe(18, ['--browser'], ({ prompt, upstream }) =>
    prompt(
      'webauth-redirects',
      'Open this address with your values; also without token, with connector_uuid, and with a connector field:\n' +
        `${upstream}/webauth?client_id=CLIENT_ID&redirect_uri=REGISTERED_URI&id_connector=ID&token=CODE`,
      {
        'the bank’s page each time': true,
        'the bank’s page, but not without token': true,
        'the bank’s page, but not with connector_uuid or the field': false,
        'no bank page': false,
        'not tried': null,
      },
    ),
  ),

  probe(19, [], async (context) => rejectsWebauth(context, '10000000')),
  probe(19, ['client'], async (context) => rejectsWebauth(context, context.client().client_id)),
  probe(19, ['--browser'], ({ prompt, upstream }) =>
    prompt(
      'webauth-error-response',
      `Open this address with a spent code:\n${upstream}/webauth?client_id=CLIENT_ID&redirect_uri=REGISTERED_URI&id_connector=ID&token=CODE`,
      { 'a JSON error': true, 'an error page': true, 'the application with an error': false, 'not tried': null },
    ),
  ),

  probe(20, ['--create'], async (context) => {
    const { call, check, createUser } = context;
    if (!(await isOffered(context, 'GET /webauth-url'))) return;
    const user = await createUser();
    await call('GET /webauth-url', { as: user.token });
    const posted = await call('POST /webauth-url', { as: user.token, body: {} });
    check('webauth-url-get', posted, posted.status === 404 || posted.status === 405);
    const as = await newCode(context, user.token, 'requestAccess');
    const reply = await call('GET /webauth-url', { as });
    check('webauth-url-get', reply, reply.status === 401 || reply.status === 403);
  }),

  probe(21, ['--browser'], ({ prompt, upstream }) => {
    const host = new URL(upstream).host;
    const query = 'client_id=CLIENT_ID&redirect_uri=REGISTERED_URI';
    return prompt(
      'webview-language',
      `Open both addresses:\nhttps://webview.powens.com/connect?domain=${host}&${query}\n${upstream}/auth/webview/connect?${query}`,
      {
        'the webview both times': true,
        'the webview at the first only': true,
        'the webview at the second only': false,
        'no webview': false,
        'not tried': null,
      },
    );
  }),

  probe(22, ['client', '--create'], async (context) => {
    const { call, check, client } = context;
    if (!(await isOffered(context, 'POST /auth/token'))) return;
    const request = (scope: string) =>
      call('POST /auth/token', { body: { grant_type: 'client_credentials', ...client(), scope } });
    for (const scope of ['payments:read-only', 'payments:read-only payments:validate']) {
      const { status, body, ...reply } = await request(scope);
      const isToken = typeof body['token'] === 'string' && typeof body['scope'] === 'string';
      check('service-token', { ...reply, status, body }, isToken || (status >= 400 && status < 500));
    }
    const unknown = await request('no-such-scope');
    check('service-scope', unknown, unknown.status === 400);
  }),

  probe(23, ['--create'], async ({ call, check, createUser }) => {
    const reply = await call('GET /users/me', { as: (await createUser()).token });
    const signin = Date.parse(`${String(reply.body['signin']).replace(' ', 'T')}Z`);
    const date = Date.parse(reply.headers.get('date') ?? '');
    check('signin-utc', reply, Math.abs(date - signin) < 10 * minute);
  }),

  probe(24, ['client'], async ({ call, check, client }) => {
    const { client_id, client_secret } = client();
    const request = (basic: string) => call('POST /auth/token/access', { basic, body: { code: 'not-a-code' } });
    const wrong = await request(`${client_id}:not-the-secret`);
    for (const basic of [`${client_id}:${client_secret}`, `${client_id}:${client_secret}:`]) {
      const reply = await request(basic);
      const isSame = reply.status === wrong.status && errorOf(reply) === errorOf(wrong);
      if (wrong.status !== 0) check('basic-accepted', reply, !isSame);
    }
  }),

  probe(25, ['client', '--create'], async ({ call, check, client, createUser }) => {
    const user = await createUser();
    const plain = await call('POST /auth/init', { body: client() });
    check('init-fields', plain, isPermanent(plain));
    for (const options of [{ body: { ...client(), unknown_field: 'x' } }, { body: client(), as: user.token }]) {
      const reply = await call('POST /auth/init', options);
      check('init-tolerant', reply, isPermanent(reply));
    }
    const slash = await call('POST /auth/init/', { body: client() });
    check('init-slash-404', slash, slash.status === 404);
  }),
];
