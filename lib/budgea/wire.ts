import * as v from 'valibot';
import { ApiError, TransportError } from './errors.ts';
import { type OperationId, specification } from './specification.ts';

/** A request as it goes over the wire, relative to the base URL; the credential of the configuration is not part of it. */
export interface BudgeaRequest {
  operation: OperationId;
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, percent-encoded. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  repeatable: boolean;
}

/**
 * Builds an operation's request from its path parameters and fields. Pure: nothing is sent. Throws a TypeError for a path parameter that
 * would not stay one segment.
 */
export function buildRequest(
  operation: OperationId,
  parameters: Readonly<Record<string, string>>,
  fields: Fields,
  mediaType?: MediaType,
): BudgeaRequest {
  const { method, path, mediaTypes, repeatable } = specification[operation];
  const target = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeSegment(name, parameters[name]));
  const headers = { accept: 'application/json', 'user-agent': 'budgea-client' };
  const [documented] = mediaTypes;
  if (documented === undefined) {
    const query = encodeQuery(fields);
    const full = query === '' ? target : `${target}?${query}`;
    return { operation, method, path: full, headers, body: undefined, repeatable };
  }
  const { contentType, text } = encodeBody(mediaType ?? documented, fields);
  const typed = { ...headers, 'content-type': contentType };
  return { operation, method, path: target, headers: typed, body: text, repeatable };
}

/** Servers resolve dots, encoded or not: `DELETE /users/..` would be another request. */
function encodeSegment(name: string, value = ''): string {
  if (/^\.{0,2}$/.test(value)) throw new TypeError(`${name} must not be empty or dots`);
  return encodeURIComponent(value);
}

/** The media types in which Budgea takes a body. */
export type MediaType = 'application/json' | 'application/x-www-form-urlencoded' | 'multipart/form-data';

/** Named values of a query or a body; an undefined one is left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A body and the `Content-Type` that says how to read it. */
export interface EncodedBody {
  contentType: string;
  text: string;
}

/** Writes fields as a body of the media type. */
export function encodeBody(mediaType: MediaType, fields: Fields): EncodedBody {
  switch (mediaType) {
    case 'application/json':
      return { contentType: mediaType, text: JSON.stringify(Object.fromEntries(present(fields))) };
    case 'application/x-www-form-urlencoded':
      return { contentType: mediaType, text: encodeQuery(fields) };
    case 'multipart/form-data':
      return encodeMultipart(fields);
  }
}

/** Writes fields as `name=value&…`, percent-encoded; empty without any. */
export function encodeQuery(fields: Fields): string {
  return new URLSearchParams(
    present(fields).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}

function encodeMultipart(fields: Fields): EncodedBody {
  const boundary = `budgea-${crypto.randomUUID()}`;
  const parts = present(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { contentType: `multipart/form-data; boundary=${boundary}`, text: `${parts.join('')}--${boundary}--\r\n` };
}

function present(fields: Fields): [string, string | number | boolean][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

/** An answer as it came over the wire; header names in lower case. */
export interface BudgeaResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** What an operation's success gives: an object, nothing, or a redirect's target. */
export type Result<Id extends OperationId> = (typeof specification)[Id]['response'] extends infer Shape
  ? Shape extends () => v.GenericSchema
    ? v.InferOutput<ReturnType<Shape>>
    : Shape extends 'redirect'
      ? string
      : undefined
  : never;

/**
 * Reads an operation's answer. Pure. Throws ApiError when the answer is not a success, TransportError `malformed` when a success is not
 * what the specification says.
 */
export function readResponse<Id extends OperationId>(operation: Id, response: BudgeaResponse): Result<Id>;
export function readResponse(operation: OperationId, { status, headers, body }: BudgeaResponse): unknown {
  const { response: shape } = specification[operation];
  if (shape === 'redirect') {
    if (status >= 300 && status < 400 && headers['location'] !== undefined) return headers['location'];
  } else if (status >= 200 && status < 300) {
    if (shape === 'empty') return undefined;
    const parsed = v.safeParse(shape(), body.trim() === '' ? undefined : (parseJson(body) ?? null));
    if (parsed.success) return parsed.output;
    throw malformed(operation, status);
  }
  if (status < 300) throw malformed(operation, status);
  throw new ApiError(operation, status, headers, parseJson(body) ?? body);
}

function malformed(operation: OperationId, status: number): TransportError {
  return new TransportError('malformed', `${operation} answered ${status} with something else than specified`, {
    sent: true,
  });
}

/** No answer of this API has so many levels; one that has far more can be read, and not be written again. */
const deepest = 100;

/** The value that a JSON text stands for, undefined when it is not JSON or too deep. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, deepest) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
