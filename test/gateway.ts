import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewPartner } from '../lib/partners/directory.ts';
import type { DemoPartner } from '../local/demo-partners.ts';
import { startStack, type StackFile } from '../local/stack.ts';
import { invokeHandler, type Answer, type TestRequest } from './invoke.ts';

/** How a test reaches an operation: its exported handler with an API Gateway event, or HTTP through the local API Gateway. */
export const ways = ['handler', 'http'] as const;

/** One request to the gateway; `path` is relative to `/2.0` and may have a query. */
export type Ask = (method: string, path: string, request?: TestRequest) => Promise<Answer>;

/** The whole stack for one test file, on free ports and in a folder of its own. */
export interface Gateway {
  file: StackFile;
  ask: Record<(typeof ways)[number], Ask>;
  /** Creates a partner; its key as `client_secret`. */
  newPartner(partner?: Partial<NewPartner>): Promise<DemoPartner>;
  /** Creates a permanent user of a partner. */
  newUser(partner: DemoPartner): Promise<{ id: string; token: string }>;
  /** What the sandbox was asked since the last time: `GET /users/1` and so on. */
  upstreamCalls(): Promise<string[]>;
  /** Posts to the sandbox's control, `clock` for example. */
  control(path: string, body: unknown): Promise<unknown>;
  /** Log lines since the last time. */
  logs(): Record<string, unknown>[];
  /** Lets another server stand for Budgea while `during` runs. */
  withUpstream<T>(url: string, during: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Starts the stack. */
export async function startGateway(): Promise<Gateway> {
  const data = await mkdtemp(join(tmpdir(), 'gateway-'));
  const lines = catchLogs();
  const stack = await startStack({ port: 0, data });
  const { createPartner } = await import('../lib/partners/directory.ts');
  const sandbox = new URL('/_sandbox/', stack.file.sandbox);
  const http: Ask = (method, path, request) => askOverHttp(method, stack.file.gateway + path, request);
  const gateway: Gateway = {
    file: stack.file,
    ask: { http, handler: invokeHandler },
    async newPartner(partner) {
      const { record, key } = await createPartner({ name: 'A test partner', ...partner });
      return { client_id: record.client_id, client_secret: key };
    },
    async newUser(partner) {
      const { body } = await http('POST', '/auth/init', json({ ...partner }));
      const { id_user, auth_token } = body as { id_user: number; auth_token: string };
      return { id: String(id_user), token: auth_token };
    },
    async upstreamCalls() {
      const { calls } = (await (await fetch(new URL('calls', sandbox))).json()) as { calls: UpstreamCall[] };
      await fetch(new URL('calls', sandbox), { method: 'DELETE' });
      return calls.map(({ method, path }) => `${method} ${path.replace(/^\/2\.0/, '')}`);
    },
    async control(path, body) {
      const { headers, body: text } = json(body);
      const answer = await fetch(new URL(path, sandbox), { method: 'POST', headers, body: text });
      return answer.status === 204 ? undefined : answer.json();
    },
    logs: () => lines.splice(0),
    async withUpstream(url, during) {
      const { BUDGEA_URL } = process.env;
      process.env['BUDGEA_URL'] = url;
      return during().finally(() => (process.env['BUDGEA_URL'] = BUDGEA_URL));
    },
    async close() {
      await stack.close();
      await rm(data, { recursive: true });
    },
  };
  return gateway;
}

interface UpstreamCall {
  method: string;
  path: string;
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

async function askOverHttp(method: string, url: string, { headers = {}, body }: TestRequest = {}): Promise<Answer> {
  const answer = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual' });
  const text = await answer.text();
  const type = answer.headers.get('content-type') ?? '';
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text,
    body: type.startsWith('application/json') ? JSON.parse(text) : undefined,
  };
}

/** Functions write their log to standard error: the tests read it, and nobody has to look at it. */
function catchLogs(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  process.stderr.write = (chunk: string | Uint8Array) => {
    for (const line of String(chunk)
      .split('\n')
      .filter((text) => text.startsWith('{')))
      lines.push(JSON.parse(line));
    return true;
  };
  return lines;
}
