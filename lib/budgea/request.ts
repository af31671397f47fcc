import { encodeBody, encodeQuery, type Fields, type MediaType } from './media.ts';
import { specification, type OperationId } from './specification.ts';

/** A request as it goes over the wire, relative to the base URL; the credential is not part of it. */
export interface BudgeaRequest {
  operation: OperationId;
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, percent-encoded. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  repeatable: boolean;
}

/** Builds an operation's request from its path parameters and fields. Pure: nothing is sent. */
export function buildRequest(
  operation: OperationId,
  parameters: Readonly<Record<string, string>>,
  fields: Fields,
  mediaType?: MediaType,
): BudgeaRequest {
  const { method, path, mediaTypes, repeatable } = specification[operation];
  const target = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
  const accept = { accept: 'application/json' };
  const [documented] = mediaTypes;
  if (documented === undefined) {
    const query = encodeQuery(fields);
    const full = query === '' ? target : `${target}?${query}`;
    return { operation, method, path: full, headers: accept, body: undefined, repeatable };
  }
  const { contentType, text } = encodeBody(mediaType ?? documented, fields);
  const headers = { ...accept, 'content-type': contentType };
  return { operation, method, path: target, headers, body: text, repeatable };
}
