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
import { invokeHandler, type Answer, type TestRequest } from './invoke.ts';
import { catchLogs } from './logs.ts';

/** How a test reaches an operation: its exported handler with an API Gateway event, or HTTP through the local API Gateway. */
export const ways = ['handler', 'http'] as const;

/** One request to the gateway; `path` is relative to `/2.0` and may have a query. */
type Ask = (method: string, path: string, request?: TestRequest) => Promise<Answer>;

/** The whole stack for one test file, on free ports and in a folder of its own. */
export interface Gateway {
  file: StackFile;
  ask: Record<(typeof ways)[number], Ask>;
  /** Creates a partner; its key as `client_secret`. */
  newPartner(partner?: Partial<NewPartner>): Promise<DemoPartner>;
  /** Changes a partner's record; functions that know it go on with what they know for at most a minute. */
  changePartner(partner: DemoPartner, change: Partial<PartnerRecord>): Promise<void>;
  /** Creates a permanent user of a partner. */
  newUser(partner: DemoPartner): Promise<{ id: string; token: string }>;
  /** Asks the sandbox itself, behind the gateway's back. */
  sandbox: Ask;
  /** The value of one of the gateway's secrets. */
  secret<T>(name: SecretName): Promise<T>;
  /** What the sandbox was asked since the last time: `GET /users/1` and so on. */
  upstreamCalls(): Promise<string[]>;
  /** The same with the names of everything that came along, and what was answered. */
  upstreamRequests(): Promise<RecordedCall[]>;
  /** Posts to the sandbox's control, `clock` for example. */
  control(path: string, body: unknown): Promise<unknown>;
  /** Log lines since the last time. */
  logs(): Record<string, unknown>[];
  /** Lets another server stand for Budgea while `during` runs. */
  withUpstream<T>(url: string, during: () => Promise<T>): Promise<T>;
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
  const http: Ask = async (method, path, request) => {
    const answer = await askOverHttp(method, stack.file.gateway + path, request);
    requireDocumented(method, path, answer);
    return answer;
  };
  const gateway: Gateway = {
    file: stack.file,
    ask: { http, handler: invokeHandler },
    async newPartner(partner) {
      const { record, key } = await createPartner({ name: 'A test partner', ...partner });
      return { client_id: record.client_id, client_secret: key };
    },
    async changePartner({ client_id }, change) {
      await changePartner(client_id, (record) => ({ ...record, ...change }));
    },
    async newUser(partner) {
      const { body } = await http('POST', '/auth/init', json({ ...partner }));
      const { id_user, auth_token } = body as { id_user: number; auth_token: string };
      return { id: String(id_user), token: auth_token };
    },
    sandbox: (method, path, request) => askOverHttp(method, budgea + path, request),
    async secret<T>(name: SecretName) {
      const { readSecret } = await import('#local/secrets.ts');
      // Whoever asks knows the secret's shape.
      return (await readSecret<T>(name)) as T;
    },
    async upstreamCalls() {
      const calls = await gateway.upstreamRequests();
      return calls.map(({ method, path }) => `${method} ${path}`);
    },
    async upstreamRequests() {
      // Most tests ask whether there was none: that is known without asking.
      if (arrivals.unread === 0) return [];
      const list = new URL('calls', control).href;
      const { calls } = (await askOverHttp('GET', list)).body as { calls: RecordedCall[] };
      if (calls.length > 0) await askOverHttp('DELETE', list);
      arrivals.unread = Math.max(0, arrivals.unread - calls.length);
      for (const call of calls) call.path = call.path.replace(/^\/2\.0/, '');
      return calls;
    },
    async control(path, body) {
      const { headers, body: text } = json(body);
      const answer = await fetch(new URL(path, control), { method: 'POST', headers, body: text });
      return answer.status === 204 ? undefined : answer.json();
    },
    logs: () => lines.splice(0),
    async withUpstream(url, during) {
      const { BUDGEA_URL } = process.env;
      process.env['BUDGEA_URL'] = url;
      return during().finally(() => (process.env['BUDGEA_URL'] = BUDGEA_URL));
    },
    async close() {
      arrivals.stop();
      await stack.close();
      await rm(data, { recursive: true });
    },
  };
  return gateway;
}

/** Counts the calls that reach the sandbox's API, which runs in this process; those of the stack's start are unread too. */
function countArrivals(budgea: string): { unread: number; stop: () => void } {
  const { port, pathname } = new URL(budgea);
  const arrivals = { unread: 1, stop: () => unsubscribe('http.server.request.start', count) };
  subscribe('http.server.request.start', count);
  return arrivals;

  function count(message: unknown): void {
    // Node publishes it with every request that any of its servers receives.
    const { request } = message as { request: IncomingMessage };
    if (request.socket.localPort === Number(port) && request.url?.startsWith(pathname)) arrivals.unread++;
  }
}

/** A JSON body. */
export function json(value: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A form's body. */
export function form(fields: Record<string, string>): { headers: Record<string, string>; body: string } {
  const body = new URLSearchParams(fields).toString();
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body };
}

/** A multipart body, its boundary quoted as some clients do. */
export function multipart(fields: Record<string, string>): { headers: Record<string, string>; body: string } {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--a b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { 'content-type': 'multipart/form-data; boundary="a b"' },
    body: `${parts.join('')}--a b--\r\n`,
  };
}

/** An `Authorization` header. */
export function authorization(value: string): { headers: Record<string, string> } {
  return { headers: { authorization: value } };
}

/** Basic credentials of a partner. */
export function basic({ client_id, client_secret }: DemoPartner, after = ''): { headers: Record<string, string> } {
  return authorization(`Basic ${Buffer.from(`${client_id}:${client_secret}${after}`).toString('base64')}`);
}

/** Without `fetch`, which tidies paths and refuses a body on GET. */
async function askOverHttp(
  method: string,
  url: string,
  { headers = {}, body = '' }: TestRequest = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { origin } = new URL(url);
  const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
  const options = { method, path: url.slice(origin.length), headers: { ...headers, ...length } };
  const sent = httpRequest(origin, options, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
    answer.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const answered = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      const isJson = text !== '' && answer.headers['content-type']?.startsWith('application/json');
      resolve({
        status: answer.statusCode ?? 0,
        headers: Object.fromEntries(answered) as Record<string, string>,
        text,
        body: isJson ? JSON.parse(text) : undefined,
      });
    });
  });
  sent.on('error', reject).end(body);
  return promise;
}
