import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Clock } from '#tools/contract/domain.ts';

/** How a domain can differ from what this project assumes. */
export type Difference =
  | 'bad client is 400'
  | 'renewal creates'
  | 'deletions are 204'
  | 'OAuth envelope'
  | 'HTML for 503'
  | 'users is null'
  | 'codes work twice'
  | 'bad token is 401'
  | 'no message'
  | 'no Retry-After'
  | 'users cannot be deleted'
  | 'new users are lost';

const CLIENT = { client_id: '38201746', client_secret: 'fake-client-s3cret' };
const USERS_TOKEN = 'fake-users-t0ken';
const CONFIG_TOKEN = 'fake-config-t0ken';
const ADMIN_TOKEN = 'fake-admin-t0ken';

/** The credentials as standard input takes them. */
export const CREDENTIALS = {
  ...CLIENT,
  users_token: USERS_TOKEN,
  config_token: CONFIG_TOKEN,
  admin_token: ADMIN_TOKEN,
};

type Answer = { status: number; body?: object; html?: string; headers?: Record<string, string> };
type Fields = Record<string, unknown>;

const minute = 60_000;

/** A domain on loopback that offers all routes, and differs as `differences` says. */
export async function startFakeUpstream(
  clock: Clock,
  differences: ReadonlySet<Difference>,
  onCall: (line: string) => void = () => {},
) {
  const users = new Map<string, 'permanent' | 'temporary'>();
  const tokens = new Map<string, string>();
  const codes = new Map<string, { id: string; single: boolean; expires: number }>();
  const calls: { time: number; line: string }[] = [];
  /** Every value that a report must not repeat. */
  const values = new Set<string>(Object.values(CREDENTIALS));

  let seed = 0;
  const random = () => createHash('sha256').update(`fake ${seed++}`).digest();
  const remember = (value: string) => (values.add(value), value);
  const newToken = (id: string) => {
    const token = remember(random().toString('base64'));
    tokens.set(token, id);
    return token;
  };
  const newUser = (kind: 'permanent' | 'temporary') => {
    const id = remember(String(10_000_000 + (random().readUInt32BE() % 90_000_000)));
    users.set(id, kind);
    return id;
  };

  /** An error that repeats the value that was sent, as no domain should. */
  const error = (status: number, code: string, value?: unknown): Answer => {
    const description = remember(`about ${String(value)} ${seed++}`);
    const message = differences.has('no message') ? {} : { message: null };
    return { status, body: { code, description, request_id: random().toString('hex'), ...message } };
  };
  const badClient = (sent: unknown) => error(differences.has('bad client is 400') ? 400 : 401, 'invalidClient', sent);
  const badToken = (sent?: unknown) => error(differences.has('bad token is 401') ? 401 : 403, 'invalidToken', sent);
  const noSuchUser = () => error(404, 'notFound');

  const routes: Record<
    string,
    (call: { fields: Fields; bearer?: string; at: string; query: URLSearchParams }) => Answer
  > = {
    'POST /auth/init': ({ fields }) => {
      if (fields['client_id'] === undefined) {
        const id = newUser('temporary');
        return {
          status: 200,
          body: { auth_token: newToken(id), type: 'temporary', expires_in: 1800, id_user: Number(id) },
        };
      }
      if (fields['client_secret'] === undefined) return error(400, 'missingParameter');
      if (!isClient(fields)) return badClient(fields['client_secret']);
      const id = newUser('permanent');
      if (differences.has('new users are lost')) return { status: 0 };
      return { status: 200, body: { auth_token: newToken(id), type: 'permanent', id_user: Number(id) } };
    },
    'POST /auth/renew': ({ fields }) => {
      if (!isClient(fields)) return badClient(fields['client_secret']);
      const id = fields['id_user'];
      if (id === undefined && !differences.has('renewal creates')) return error(400, 'missingParameter');
      if (typeof id === 'string' && !users.has(id)) return noSuchUser();
      if (fields['revoke_previous'] === true) {
        for (const [token, owner] of tokens) if (owner === id) tokens.delete(token);
      }
      return {
        status: 200,
        body: { access_token: newToken(typeof id === 'string' ? id : newUser('permanent')), token_type: 'Bearer' },
      };
    },
    'POST /auth/token/access': ({ fields }) => {
      if (!isClient(fields)) return badClient(fields['client_secret']);
      const sent = String(fields['code']);
      const code = codes.get(sent);
      const id = code !== undefined && clock.now() < code.expires ? code.id : tokens.get(sent);
      if (id === undefined) return error(400, 'invalidCode', sent);
      if (code?.single === true && !differences.has('codes work twice')) codes.delete(sent);
      return { status: 200, body: { access_token: newToken(id), token_type: 'Bearer' } };
    },
    'GET /auth/token/code': ({ bearer, query }) =>
      asUser(bearer, (id) => {
        const single = query.get('type') === 'singleAccess';
        const code = remember(random().toString('base64'));
        codes.set(code, { id, single, expires: clock.now() + 30 * minute });
        return {
          status: 200,
          body: { code, type: 'temporary', access: single ? 'single' : 'standard', expires_in: 1800 },
        };
      }),
    'DELETE /auth/token': ({ bearer = '' }) =>
      asUser(bearer, () => {
        tokens.delete(bearer);
        return { status: 204 };
      }),
    'POST /auth/jwt': ({ fields }) =>
      isClient(fields)
        ? { status: 200, body: { jwt_token: newToken(String(fields['id_user'])), payload: {} } }
        : badClient(''),
    'POST /admin/jwt': ({ bearer }) =>
      bearer === ADMIN_TOKEN ? { status: 200, body: { jwt_token: USERS_TOKEN, payload: {} } } : badToken(bearer),
    'POST /auth/token': ({ fields }) => {
      if (!isClient(fields)) return badClient(fields['client_secret']);
      const isScope = String(fields['scope']).startsWith('payments');
      return isScope
        ? { status: 200, body: { token: remember('service-t0ken'), scope: 'x' } }
        : error(400, 'invalidValue');
    },
    'GET /users': ({ bearer, query }) =>
      bearer === USERS_TOKEN
        ? list(Number(query.get('limit') ?? 1000))
        : bearer === undefined
          ? error(401, 'unauthorized')
          : badToken(bearer),
    'GET /users/all': ({ bearer }) => (bearer === USERS_TOKEN ? list(1000) : badToken(bearer)),
    'GET /users/{id}': ({ bearer, at }) => {
      if (bearer === undefined) return error(401, 'unauthorized');
      if (bearer === USERS_TOKEN) return users.has(at) ? userOf(at) : noSuchUser();
      return asUser(bearer, (id) => (at === 'me' || at === id ? userOf(id) : error(403, 'forbidden', at)));
    },
    'DELETE /users/{id}': ({ bearer, at }) => {
      if (differences.has('users cannot be deleted')) return error(500, 'bug');
      const remove = (id: string): Answer => {
        const user = userOf(id);
        users.delete(id);
        return differences.has('deletions are 204') ? { status: 204 } : user;
      };
      return bearer === USERS_TOKEN ? remove(at) : asUser(bearer, remove);
    },
    'POST /users/{id}/token': ({ bearer }) => asUser(bearer, (id) => ({ status: 200, body: { token: newToken(id) } })),
    'DELETE /hash': ({ bearer }) =>
      differences.has('HTML for 503')
        ? { status: 503, html: '<!DOCTYPE html><html><h1>503</h1></html>' }
        : asUser(bearer, () => ({ status: 204 })),
    'GET /certificate/{type}': () => ({ status: 200, body: { id: 1, type: 'x', created: '2026-01-02 03:04:05' } }),
    'GET /clients/{id}': ({ bearer }) =>
      bearer === undefined ? error(401, 'unauthorized') : { status: 200, body: { redirect_uris: [] } },
    'GET /connectors': () => ({ status: 200, body: { connectors: [] } }),
    'GET /webauth': () => error(400, 'invalidValue'),
    'GET /webauth-url': ({ bearer }) =>
      bearer === undefined
        ? error(401, 'unauthorized')
        : asUser(bearer, () => ({ status: 200, body: { url: 'https://bank.example' } })),
  };

  const asUser = (bearer: string | undefined, then: (id: string) => Answer): Answer => {
    const id = bearer === undefined ? undefined : tokens.get(bearer);
    return id !== undefined && users.has(id) ? then(id) : badToken(bearer);
  };
  const list = (limit: number): Answer => {
    const found = [...users.keys()].slice(0, limit).map((id) => ({ id: Number(id) }));
    return { status: 200, body: { users: differences.has('users is null') ? null : found, total: users.size } };
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '', 'http://fake');
    const path = url.pathname.replace('/2.0', '');
    const line = `${request.method} ${path}`;
    calls.push({ time: clock.now(), line });
    onCall(line);
    if (calls.filter(({ time }) => clock.now() - time < minute).length > 30) {
      return { ...error(429, 'rateLimit'), headers: differences.has('no Retry-After') ? {} : { 'retry-after': '60' } };
    }
    const body = request.headers['content-type'] === undefined ? {} : ((await json(request)) as Fields);
    const [scheme, credential = ''] = request.headers.authorization?.split(' ') ?? [];
    const fields = scheme === 'Basic' ? { ...basicOf(credential), ...body } : body;
    const template = line.replace(/\/(users|certificate|clients)\/(?!all$)[^/]+/, (_, name: string) =>
      name === 'certificate' ? '/certificate/{type}' : `/${name}/{id}`,
    );
    const at = decodeURIComponent(path.split('/')[2] ?? '');
    const route = routes[template] ?? (() => error(404, 'notFound'));
    const result = route({ fields, at, query: url.searchParams, ...(scheme === 'Bearer' && { bearer: credential }) });
    return path === '/auth/token/access' && result.status >= 400 ? withOAuth(result) : result;
  }

  function withOAuth({ status, body }: Answer): Answer {
    const oauth = { error: isClientError(body) ? 'invalid_client' : 'invalid_grant', error_description: 'No.' };
    return { status, body: differences.has('OAuth envelope') ? oauth : { ...body, ...oauth } };
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answer(request).then(({ status, body, html, headers }) => {
      if (status === 0) response.destroy();
      else response.writeHead(status, headers).end(html ?? (body && JSON.stringify(body)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/2.0`,
    users,
    calls,
    values,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function isClient(fields: Fields): boolean {
  return String(fields['client_id']) === CLIENT.client_id && fields['client_secret'] === CLIENT.client_secret;
}

function userOf(id: string): Answer {
  const signin = new Date().toISOString().slice(0, 19).replace('T', ' ');
  return { status: 200, body: { id: Number(id), signin, platform: 'sharedAccess' } };
}

function isClientError(body: object = {}): boolean {
  return 'code' in body && body.code === 'invalidClient';
}

function basicOf(credential: string): Fields {
  const [client_id, client_secret] = Buffer.from(credential, 'base64').toString().split(':');
  return { client_id, client_secret };
}
