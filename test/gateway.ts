import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretName } from '#lib/operations/table.ts';
import type { NewPartner } from '#lib/partners/directory.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { RecordedCall } from '#local/sandbox/http/call-list.ts';
import type { StackFile } from '#local/stack-file.ts';
import { startStack, type StackOptions } from '#local/stack.ts';
import { requireDocumented } from './documented.ts';
import { invokeHandler, type TestRequest, type TestResponse } from './invoke.ts';
import { catchLogs } from './logs.ts';
import { startProxy, type Intercept } from './proxy.ts';

/** The transports of a request: the exported handler with an API Gateway event, or HTTP through the local API Gateway. */
export const transports = ['handler', 'http'] as const;

/** Sends one request. `path` is relative to `/2.0` and can have a query. */
type Call = (method: string, path: string, request?: TestRequest) => Promise<TestResponse>;

/** A user and its permanent token. */
export interface TestUser {
  id: string;
  token: string;
}

/** A local stack for one test file, on free ports and with its own data folder. */
export interface Gateway {
  file: StackFile;
  call: Record<(typeof transports)[number], Call>;
  /** Creates a partner; `client_secret` is its key. */
  newPartner(partner?: Partial<NewPartner>): Promise<DemoPartner>;
  /** Changes a partner's record. Functions can use a cached record for at most a minute. */
  changePartner(partner: DemoPartner, change: Partial<PartnerRecord>): Promise<void>;
  /** Creates a permanent user of a partner. */
  newUser(partner: DemoPartner): Promise<TestUser>;
  /** Creates a permanent user without an owner. */
  newUnownedUser(): Promise<TestUser>;
  /** Returns a temporary code of the token's user. */
  newCode(token: string, type?: 'requestAccess' | 'singleAccess'): Promise<string>;
  /** Returns the client id of the partner that owns the user. */
  ownerOf(idUser: string): Promise<string | undefined>;
  /** Calls the sandbox directly. */
  sandbox: Call;
  /** Returns the value of one of the gateway's secrets. */
  secret<T>(name: SecretName): Promise<T>;
  /** Returns the gateway's manage JWT. */
  manageToken(): Promise<string>;
  /** Returns the calls that the sandbox received since the last time, such as `GET /users/1`. */
  upstreamCalls(): Promise<string[]>;
  /** Same as `upstreamCalls`, with the names of headers and fields, and the status. */
  upstreamRequests(): Promise<RecordedCall[]>;
  /** Posts to a control endpoint of the sandbox, such as `clock`. */
  control(path: string, body: unknown): Promise<unknown>;
  /** Returns the log lines since the last time. */
  logs(): Record<string, unknown>[];
  /** Runs `during` with another server in place of Budgea. */
  withUpstream<T>(url: string, during: () => Promise<T>): Promise<T>;
  /** Runs `during` with a proxy between the gateway and the sandbox. */
  withProxy<T>(intercept: Intercept, during: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Starts the stack. */
export async function startGateway(options: Partial<StackOptions> = {}): Promise<Gateway> {
  const data = await mkdtemp(join(tmpdir(), 'gateway-'));
  const lines = catchLogs();
  const stack = await startStack({ port: 0, data, ...options });
  const { changePartner, createPartner } = await import('#lib/partners/directory.ts');
  const { sandbox: budgea = '' } = stack.file;
  const control = new URL('/_sandbox/', budgea);
  const arrivals = countArrivals(budgea);
  const http: Call = async (method, path, request) => {
    const response = await callOverHttp(method, stack.file.gateway + path, request);
    requireDocumented(method, path, response);
    return response;
  };
  const sandbox: Call = (method, path, request) => callOverHttp(method, budgea + path, request);
  const gateway: Gateway = {
    file: stack.file,
    call: { http, handler: invokeHandler },
    async newPartner(partner) {
      const { record, key } = await createPartner({ name: 'A test partner', ...partner });
      return { client_id: record.client_id, client_secret: key };
    },
    async changePartner({ client_id }, change) {
      await changePartner(client_id, (record) => ({ ...record, ...change }));
    },
    newUser: async (partner) => userIn(await http('POST', '/auth/init', json({ ...partner }))),
    async newUnownedUser() {
      const contract = await gateway.secret<object>('client-credentials');
      return userIn(await sandbox('POST', '/auth/init', json(contract)));
    },
    async newCode(token, type = 'requestAccess') {
      const { body } = await http('GET', `/auth/token/code?type=${type}`, bearer(token));
      return (body as { code: string }).code;
    },
    async ownerOf(idUser) {
      const { ownershipOf } = await import('#lib/partners/ownership.ts');
      return (await ownershipOf(idUser))?.owner;
    },
    sandbox,
    async secret<T>(name: SecretName) {
      const { readSecret } = await import('#local/secrets.ts');
      // The test passes the type of the secret.
      return (await readSecret<T>(name)) as T;
    },
    manageToken: async () => (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token,
    async upstreamCalls() {
      const calls = await gateway.upstreamRequests();
      return calls.map(({ method, path }) => `${method} ${path}`);
    },
    async upstreamRequests() {
      // Most tests expect no call: the count avoids a request.
      if (arrivals.unread === 0) return [];
      const list = new URL('calls', control).href;
      const { calls } = (await callOverHttp('GET', list)).body as { calls: RecordedCall[] };
      if (calls.length > 0) await callOverHttp('DELETE', list);
      arrivals.unread = Math.max(0, arrivals.unread - calls.length);
      for (const call of calls) call.path = call.path.replace(/^\/2\.0/, '');
      return calls;
    },
    async control(path, body) {
      const { headers, body: text } = json(body);
      const response = await fetch(new URL(path, control), { method: 'POST', headers, body: text });
      return response.status === 204 ? undefined : response.json();
    },
    logs: () => lines.splice(0),
    async withUpstream(url, during) {
      const { BUDGEA_URL } = process.env;
      process.env['BUDGEA_URL'] = url;
      return during().finally(() => (process.env['BUDGEA_URL'] = BUDGEA_URL));
    },
    async withProxy(intercept, during) {
      const { origin, pathname } = new URL(budgea);
      const proxy = await startProxy(() => origin, intercept);
      try {
        return await gateway.withUpstream(proxy.url + pathname, during);
      } finally {
        await proxy.close();
      }
    },
    async close() {
      arrivals.stop();
      await stack.close();
      await rm(data, { recursive: true });
    },
  };
  return gateway;
}

function userIn({ body }: TestResponse): TestUser {
  const { id_user, auth_token } = body as { id_user: number; auth_token: string };
  return { id: String(id_user), token: auth_token };
}

/** Counts the calls to the sandbox's API, which runs in this process. Calls of the stack's start are counted as unread. */
function countArrivals(budgea: string): { unread: number; stop: () => void } {
  const { port, pathname } = new URL(budgea);
  const arrivals = { unread: 1, stop: () => unsubscribe('http.server.request.start', count) };
  subscribe('http.server.request.start', count);
  return arrivals;

  function count(message: unknown): void {
    // Node publishes a message for every request that one of its servers receives.
    const { request } = message as { request: IncomingMessage };
    if (request.socket.localPort === Number(port) && request.url?.startsWith(pathname)) arrivals.unread++;
  }
}

/** Returns a JSON body. */
export function json(value: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** Returns a form body. */
export function form(fields: Record<string, string>): { headers: Record<string, string>; body: string } {
  const body = new URLSearchParams(fields).toString();
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body };
}

/** Returns a multipart body with a quoted boundary, as some clients send it. */
export function multipart(fields: Record<string, string>): { headers: Record<string, string>; body: string } {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--a b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { 'content-type': 'multipart/form-data; boundary="a b"' },
    body: `${parts.join('')}--a b--\r\n`,
  };
}

/** Returns an `Authorization` header. */
export function authorization(value: string): { headers: Record<string, string> } {
  return { headers: { authorization: value } };
}

/** Returns an `Authorization` header with a Bearer token. */
export function bearer(token: string): { headers: Record<string, string> } {
  return authorization(`Bearer ${token}`);
}

/** Returns a key in `x-api-key`. */
export function apiKey(key: string): TestRequest {
  return { headers: { 'x-api-key': key } };
}

/** Merges requests: all headers, and the last body. */
export function combine(...requests: TestRequest[]): TestRequest {
  const last = requests.findLast(({ body }) => body !== undefined);
  return {
    headers: Object.assign({}, ...requests.map(({ headers }) => headers)) as Record<string, string>,
    ...(last?.body !== undefined && { body: last.body }),
  };
}

/** Returns a partner's credentials as HTTP Basic. */
export function basic({ client_id, client_secret }: DemoPartner, after = ''): { headers: Record<string, string> } {
  return authorization(`Basic ${Buffer.from(`${client_id}:${client_secret}${after}`).toString('base64')}`);
}

/** Does not use `fetch`, which normalizes paths and rejects a body on GET. */
async function callOverHttp(
  method: string,
  url: string,
  { headers = {}, body = '' }: TestRequest = {},
): Promise<TestResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<TestResponse>();
  const { origin } = new URL(url);
  const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
  const options = { method, path: url.slice(origin.length), headers: { ...headers, ...length } };
  const sent = httpRequest(origin, options, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      const isJson = text !== '' && response.headers['content-type']?.startsWith('application/json');
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(received) as Record<string, string>,
        text,
        body: isJson ? JSON.parse(text) : undefined,
      });
    });
  });
  sent.on('error', reject).end(body);
  return promise;
}
