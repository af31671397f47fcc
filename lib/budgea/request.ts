import { encodeBody, encodeQuery, type Fields, type MediaType } from './media.ts';
import { specification, type OperationId } from './specification.ts';

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
