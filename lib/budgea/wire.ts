import * as v from 'valibot';
import { ApiError, TransportError } from './errors.ts';
import { type MediaType, type OperationId, specification } from './specification.ts';

/** An HTTP request relative to the base URL, without the configuration's credential. */
export interface BudgeaRequest {
  operation: OperationId;
  method: 'GET' | 'POST' | 'DELETE';
  /** The percent-encoded path and query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  repeatable: boolean;
}

/** Returns an operation's request, built from its path parameters and fields. Throws TypeError when a path parameter is empty, `.` or `..`. */
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

/** Servers resolve dot segments even if they are encoded: `DELETE /users/..` would be another request. */
function encodeSegment(name: string, value = ''): string {
  if (/^\.{0,2}$/.test(value)) throw new TypeError(`${name} must not be empty, "." or ".."`);
  return encodeURIComponent(value);
}

/** The fields of a query or a body. Undefined values are omitted. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** An encoded body and its `Content-Type`. */
export interface EncodedBody {
  contentType: string;
  text: string;
}

/** Returns the fields encoded as a body of the media type. */
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

/** Returns the fields as `name=value&…`, percent-encoded. */
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

/** An HTTP response, with header names in lower case. */
export interface BudgeaResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The result of an operation: an object, undefined or the target of a redirect. */
export type Result<Id extends OperationId> = (typeof specification)[Id]['response'] extends infer Shape
  ? Shape extends () => v.GenericSchema
    ? v.InferOutput<ReturnType<Shape>>
    : Shape extends 'redirect'
      ? string
      : undefined
  : never;

/**
 * Returns an operation's result. Throws ApiError for an error response, and TransportError `malformed` for a success that does not match the
 * specification.
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
  const message = `${operation} answered ${status} with a body that does not match the specification`;
  return new TransportError('malformed', message, { sent: true });
}

/** The maximum nesting depth of a response. `JSON.stringify` overflows the stack at a depth that `JSON.parse` accepts. */
const maxDepth = 100;

/** Returns the parsed JSON, or undefined when the text is not JSON or nested too deeply. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, maxDepth) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
