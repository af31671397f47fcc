import { setTimeout } from 'node:timers/promises';
import { now } from '#lib/clock.ts';

/** The source of time, which tests replace; `sleep` rejects when the signal aborts. */
export interface Clock {
  now: () => number;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now,
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/** A Bearer credential; reports name its kind. */
export interface Token {
  kind: 'user token' | 'users token' | 'config token' | 'admin token' | 'manage JWT' | 'code' | 'malformed token';
  value: string;
}

/** How a request differs from a bare one. */
export interface RequestOptions {
  /** The value of the path's `{parameter}`. */
  at?: string | undefined;
  query?: Readonly<Record<string, string>>;
  body?: Readonly<Record<string, unknown>>;
  as?: Token | undefined;
  /** `id:secret` for HTTP Basic. */
  basic?: string;
  /** Sends at once, whatever the rate. */
  unpaced?: boolean;
}

/** Which kind of body a response has; `data` is the JSON of a success. */
type Envelope = 'Budgea' | 'OAuth' | 'Budgea and OAuth' | 'HTML' | 'empty' | 'data' | 'other';

/** The part of a call that a report may show: names and types, no values. */
export interface Exchange {
  /** Method, path, and the names of query parameters, body fields and the credential. */
  request: string;
  status?: number;
  /** The reason for which there is no response. */
  failure?: 'timeout' | 'too large' | 'no response';
  envelope?: Envelope;
  /** The type of each field. */
  fields: Readonly<Record<string, string>>;
}

/** A response, with the values that checks need. */
export interface Reply {
  exchange: Exchange;
  /** 0 without a response. */
  status: number;
  /** The JSON object, or an empty one. */
  body: Readonly<Record<string, unknown>>;
  headers: Headers;
}

/** Sends one request, for example `GET /users/{id}`, and describes the response, whatever it is. */
export type Send = (line: string, options?: RequestOptions, signal?: AbortSignal) => Promise<Reply>;

const timeout = 10_000;
const maxBytes = 1_048_576;

/** Returns the function that sends requests to a domain: paced, without retries, and without following redirects. */
export function openDomain(upstream: string, clock: Clock): Send {
  const takeToken = openBucket(clock);
  const credentials = new Set<unknown>();
  return async (line, options = {}, signal) => {
    const [method = '', path = ''] = line.split(' ');
    const { at = '', query = {}, body, as, basic, unpaced } = options;
    if (unpaced !== true) await takeToken(signal);
    for (const value of [as?.value, body?.['client_secret'], body?.['code']]) credentials.add(value);
    const search = new URLSearchParams(query).toString();
    const target = upstream + path.replace(/\{\w+\}/, encodeURIComponent(at)) + (search && `?${search}`);
    const authorization = as ? `Bearer ${as.value}` : basic && `Basic ${Buffer.from(basic).toString('base64')}`;
    const request = describeRequest(line, options);
    try {
      // Not aborted by the signal: the token of a new user would be lost, and the user could not be deleted.
      const response = await fetch(target, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
        headers: {
          accept: 'application/json',
          'user-agent': 'budgea-auth-gateway',
          ...(authorization && { authorization }),
          ...(body && { 'content-type': 'application/json' }),
        },
        body: body ? JSON.stringify(body) : null,
      });
      const { status, headers } = response;
      const text = await readBounded(response);
      const json = parse(text);
      const fields = fieldsOf(json, (name) => !credentials.has(name));
      const envelope = envelopeOf(status, text, json);
      return { exchange: { request, status, envelope, fields }, status, body: isObject(json) ? json : {}, headers };
    } catch (error) {
      return {
        exchange: { request, failure: failureOf(error), fields: {} },
        status: 0,
        body: {},
        headers: new Headers(),
      };
    }
  };
}

/** Calls that may start at once, and the time after which one more may, in milliseconds: at most 24 calls in a minute. */
const capacity = 4;
const interval = 3_000;

function openBucket(clock: Clock): (signal?: AbortSignal) => Promise<void> {
  let tokens = capacity;
  let filledAt = clock.now();
  return async (signal) => {
    for (;;) {
      signal?.throwIfAborted();
      const time = clock.now();
      tokens = Math.min(capacity, tokens + (time - filledAt) / interval);
      filledAt = time;
      if (tokens >= 1) break;
      await clock.sleep(Math.ceil((1 - tokens) * interval), signal);
    }
    tokens -= 1;
  };
}

class TooLarge extends Error {}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function failureOf(error: unknown): NonNullable<Exchange['failure']> {
  if (error instanceof TooLarge) return 'too large';
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'no response';
}

function describeRequest(line: string, { query = {}, body, as, basic }: RequestOptions): string {
  const names = Object.keys(query).join('&');
  const credential = as?.kind ?? (basic === undefined ? undefined : 'HTTP Basic');
  const fields = body && `{${Object.keys(body).join(', ')}}`;
  return [line + (names && `?${names}`), fields, credential && `with ${credential}`].filter(Boolean).join(' ');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function envelopeOf(status: number, text: string, json: unknown): Envelope {
  if (text.trim() === '') return 'empty';
  if (json === undefined) return /^\s*<(!doctype|html)/i.test(text) ? 'HTML' : 'other';
  if (status < 400) return 'data';
  const [budgea, oauth] = ['code', 'error'].map((name) => isObject(json) && typeof json[name] === 'string');
  if (budgea) return oauth ? 'Budgea and OAuth' : 'Budgea';
  return oauth ? 'OAuth' : 'other';
}

const maxFields = 60;
const maxDepth = 4;

/** The paths of all fields with their JSON types. A name that does not read as one could be a value, and is not shown. */
function fieldsOf(json: unknown, isName: (name: string) => boolean): Record<string, string> {
  const fields: Record<string, string> = {};
  const visit = (value: unknown, path: string, depth: number): void => {
    if (Object.keys(fields).length >= maxFields) return;
    if (path !== '') fields[path] = typeOf(value);
    if (depth === maxDepth) return;
    if (Array.isArray(value)) visit(value[0], `${path}[]`, depth + 1);
    else if (isObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const shown = /^[a-z][a-z_]{0,31}$/i.test(name) && isName(name) ? name : '(hidden)';
        visit(inner, path === '' ? shown : `${path}.${shown}`, depth + 1);
      }
    }
  };
  visit(json, '', 0);
  return fields;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value === undefined) return 'no element';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
