import { encodeBody, encodeQuery, type MediaType } from '#lib/budgea/wire.ts';
import type { Example, Values } from '#lib/openapi/examples.ts';
import { operations, type CallerKind, type Operation, type OperationId } from '#lib/operations/table.ts';
import type { Fakes } from './fakes.ts';

/** A call to make and to record. */
export interface Call {
  operation: OperationId;
  name: string;
  summary: string;
  caller: CallerKind;
  /** The row's own, unless it is the second one. */
  method?: 'POST';
  path?: Values;
  query?: Values;
  headers?: Readonly<Record<string, string>>;
  mediaType?: MediaType;
  fields?: Values;
  /** Sent in place of the fields: what is wrong with it is its media type or its length, not worth showing. */
  raw?: { contentType: string; body: string };
  /** The status that it has to have. */
  status: number;
}

/** An answer as it came. */
export interface Answered {
  body: Readonly<Record<string, unknown>>;
  location: string;
}

/** Makes a call to the gateway at a base URL and adds it to the examples. Throws when the status is another than expected. */
export async function record(url: string, call: Call, fakes: Fakes, examples: Example[]): Promise<Answered> {
  const { operation, path = {}, query = {}, headers = {}, mediaType, fields = {}, raw } = call;
  const row: Operation = operations[operation];
  const method = call.method ?? row.method;
  const filled = row.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const search = encodeQuery(query);
  const sent = mediaType === undefined ? undefined : encodeBody(mediaType, fields);
  const contentType = raw?.contentType ?? sent?.contentType;
  const response = await fetch(`${url}${filled}${search === '' ? '' : `?${search}`}`, {
    method,
    headers: { ...headers, ...(contentType !== undefined && { 'content-type': contentType }) },
    body: raw?.body ?? sent?.text ?? null,
    redirect: 'manual',
  });
  const text = await response.text();
  if (response.status !== call.status) {
    // Its text may hold a token.
    throw new Error(`${call.name}: ${method} ${row.path} answers ${response.status} and not ${call.status}`);
  }
  const answered = response.headers.get('content-type')?.split(';')[0];
  const isJson = answered === 'application/json';
  const body: unknown = isJson ? JSON.parse(text) : text;
  const location = response.headers.get('location') ?? '';
  const requestId = response.headers.get('x-request-id');
  if (requestId !== null) fakes.learn(requestId, '00000000-0000-4000-8000-000000000000');
  const example: Example = {
    operation,
    method,
    name: call.name,
    summary: call.summary,
    caller: call.caller,
    request: fakes.replaced({
      path: inWriting(path),
      query: inWriting(query),
      headers,
      ...(mediaType !== undefined && { mediaType }),
      fields,
    }),
    answer: {
      status: response.status,
      ...(location !== '' && { location: fakedAddress(location, fakes) }),
      ...(answered !== undefined && { mediaType: answered, body: fakes.replaced(body) }),
    },
  };
  if (!examples.some((each) => isSame(each, example))) examples.push(example);
  return { body: isJson ? (body as Answered['body']) : {}, location }; // What is JSON here is an object.
}

/** In an address, everything is text. */
function inWriting(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** A call that is made again on the way to another shows nothing new. */
function isSame(one: Example, other: Example): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf({ operation, method, name, request, answer }: Example): string {
  return [operation, method, name, request.mediaType, answer.mediaType].join(' ');
}

/** Values in a query are known by their names too. */
function fakedAddress(address: string, fakes: Fakes): string {
  const [base = '', search = ''] = address.split('?');
  const query = fakes.replaced(Object.fromEntries(new URLSearchParams(search)));
  // The bank's page has a name that nobody can guess.
  const shown = fakes.replaced(base).replace(/[\w-]{30,}$/, 'EXAMPLE-VISIT');
  return shown + (search === '' ? '' : `?${new URLSearchParams(query).toString()}`);
}
