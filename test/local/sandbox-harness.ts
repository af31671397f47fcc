import { afterAll, beforeAll } from 'vitest';
import { startSandbox, type RunningSandbox, type SandboxOptions } from '#local/sandbox/server.ts';

/** The contract of every sandbox in these tests. */
export const CONTRACT = {
  port: 0,
  client: { client_id: 12_345_678, client_secret: 's3cret+/=' },
  adminToken: 'the-admin/token+of=tests',
  redirectUris: ['https://app.example/home', 'myapp://home', 'https://app.example/with?query=1'],
} satisfies SandboxOptions;

/** How a test's request differs from a bare one; at most one of the bodies. */
export interface Sent {
  token?: string | undefined;
  authorization?: string;
  json?: unknown;
  form?: Record<string, string>;
  multipart?: Record<string, string>;
  /** A body that is sent as it is. */
  raw?: string;
  headers?: Record<string, string>;
}

/** What came back. */
export interface Received {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON object, or an empty one. */
  body: Record<string, unknown>;
}

/** A sandbox for the tests of one file, and short ways to call it. */
export function sandboxForThisFile() {
  let running: RunningSandbox;
  beforeAll(async () => {
    running = await startSandbox(CONTRACT);
  });
  afterAll(() => running.close());
  return callsTo(() => running.url);
}

/** Short ways to call the sandbox at `url()`. */
export function callsTo(url: () => string) {
  /** `POST /auth/init` under `/2.0`, or a path under `/_sandbox`, or an absolute URL. */
  async function call(line: string, sent: Sent = {}): Promise<Received> {
    const [method = '', target = ''] = line.split(' ');
    const response = await fetch(absolute(url(), target), {
      method,
      redirect: 'manual',
      headers: { ...authorization(sent), ...contentType(sent), ...sent.headers },
      body: encoded(sent) ?? null,
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : {},
    };
  }

  /** A new user, permanent or for half an hour, and its token. */
  async function newUser(kind: 'permanent' | 'temporary' = 'permanent') {
    const { body } = await call('POST /auth/init', { json: kind === 'permanent' ? CONTRACT.client : {} });
    return { id: Number(body['id_user']), token: String(body['auth_token']) };
  }

  async function manageToken(scope = 'users', duration = 60): Promise<string> {
    const { body } = await call('POST /admin/jwt', { token: CONTRACT.adminToken, json: { scope, duration } });
    return String(body['jwt_token']);
  }

  async function userJwt(idUser: number, fields: Record<string, unknown> = {}): Promise<string> {
    const { body } = await call('POST /auth/jwt', { json: { ...CONTRACT.client, id_user: idUser, ...fields } });
    return String(body['jwt_token']);
  }

  async function newCode(token: string, type = 'requestAccess'): Promise<string> {
    return String((await call(`GET /auth/token/code?type=${type}`, { token })).body['code']);
  }

  const exchange = (code: string, fields: Record<string, unknown> = {}) =>
    call('POST /auth/token/access', { json: { ...CONTRACT.client, code, ...fields } });

  const advance = (seconds: number) => call('POST /_sandbox/clock', { json: { advance: seconds } });

  return { url, call, newUser, manageToken, userJwt, newCode, exchange, advance };
}

/** What the middle part of a JWT says. */
export function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

function absolute(url: string, target: string): string {
  if (target.startsWith('/_sandbox')) return new URL(target, url).href;
  return target.startsWith('/') ? url + target : target;
}

function authorization({ token, authorization: header }: Sent): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  return header === undefined ? {} : { authorization: header };
}

function contentType({ json }: Sent): Record<string, string> {
  return json === undefined ? {} : { 'content-type': 'application/json' };
}

function encoded({ json, form, multipart, raw }: Sent) {
  if (raw !== undefined) return Buffer.from(raw);
  if (json !== undefined) return JSON.stringify(json);
  if (form !== undefined) return new URLSearchParams(form);
  if (multipart === undefined) return undefined;
  const body = new FormData();
  for (const [name, value] of Object.entries(multipart)) body.set(name, value);
  return body;
}
