import type { MediaType } from '../budgea/media.ts';
import type { Operation, OperationId } from '../operations.ts';
import { securityOf, takesBodyCredentials, withCredentials } from './callers.ts';
import { curl } from './curl.ts';
import type { Answer, Content, DocumentedOperation, Examples, Header, Parameter, PathItem } from './document.ts';
import { examples, type Example } from './examples.ts';
import { headers, refusalsOf } from './refusals.ts';
import { described, jsonSchema, type Schema } from './schema.ts';
import { words } from './words.ts';

/** What the document says of a row: an operation for each of its methods. */
export function pathItem(id: OperationId, row: Operation, url: string): PathItem {
  const { method, alsoMethod } = row;
  const own = { [method.toLowerCase()]: operation(id, id, row, url) };
  if (alsoMethod === undefined) return own;
  const also = { ...row, method: alsoMethod, fields: 'body' } as const;
  const name = alsoMethod.toLowerCase();
  return { ...own, [name]: operation(id, `${id}_by_${name}`, also, url) };
}

/** Shapes of the fields that travel in each place. */
interface Places {
  path: Schema;
  query: Schema;
  body: Schema | undefined;
}

function operation(id: OperationId, operationId: string, row: Operation, url: string): DocumentedOperation {
  const { path, query, body } = placesOf(id, row);
  const { title, tag, details } = words[id];
  const successes = examples.filter(
    ({ operation: of, method, answer }) => of === id && method === row.method && answer.status < 400,
  );
  const parameters = [...parametersIn('path', path, successes), ...parametersIn('query', query, successes)];
  return {
    operationId,
    tags: [tag],
    summary: row.alsoMethod === 'POST' && row.method === 'POST' ? `${title}, by POST` : title,
    description: `${row.summary}\n\n${details}`,
    security: securityOf(row),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: requestBody(body, successes) }),
    responses: { ...successOf(id, row.response, successes), ...refusalsOf(row) },
    'x-accepts': row.accepts,
    'x-codeSamples': samplesOf(successes, row.path, url),
  };
}

function placesOf(id: OperationId, row: Operation): Places {
  const fields = described(jsonSchema(row.request()), words[id].fields);
  const isInPath = (name: string) => row.path.includes(`{${name}}`);
  const path = pick(fields, isInPath);
  const rest = pick(fields, (name) => !isInPath(name));
  if (row.fields === 'query') return { path, query: rest, body: undefined };
  const body = takesBodyCredentials(row) ? withCredentials(rest) : rest;
  const isEmpty = Object.keys(body.properties ?? {}).length === 0;
  return { path, query: {}, body: isEmpty ? undefined : body };
}

function pick({ properties = {}, required = [], ...schema }: Schema, picked: (name: string) => boolean): Schema {
  const needed = required.filter(picked);
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => picked(name))),
    ...(needed.length > 0 && { required: needed }),
  };
}

function parametersIn(
  place: 'path' | 'query',
  { properties = {}, required = [] }: Schema,
  successes: readonly Example[],
): Parameter[] {
  return Object.entries(properties).map(([name, { description = '', ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema,
    examples: named(
      successes.filter(({ request }) => name in request[place]),
      ({ request }) => request[place][name],
    ),
  }));
}

const mediaTypes: readonly MediaType[] = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
];

function requestBody(schema: Schema, successes: readonly Example[]): NonNullable<DocumentedOperation['requestBody']> {
  const content = mediaTypes.map((mediaType) => {
    const sent = successes.filter(({ request }) => request.mediaType === mediaType);
    return [mediaType, { schema, examples: named(sent, ({ request }) => request.fields) }] as const;
  });
  return { required: (schema.required ?? []).length > 0, content: Object.fromEntries(content) };
}

function successOf(
  id: OperationId,
  response: Operation['response'],
  successes: readonly Example[],
): Record<string, Answer> {
  const nothing = { 204: { description: 'Done; there is nothing to tell.', headers: headers() } };
  if (response === 'empty') return nothing;
  if (response === 'redirect') {
    const location: Header = {
      description: 'Where the browser goes next.',
      schema: { type: 'string', format: 'uri' },
      examples: named(successes, ({ answer }) => answer.location),
    };
    return { 302: { description: 'The browser goes on to `Location`.', headers: { ...headers(), location } } };
  }
  const success = response();
  const content: Content = {
    'application/json': {
      schema: described(jsonSchema(success), words[id].answer),
      examples: named(successes, ({ answer }) => answer.body),
    },
  };
  return {
    200: { description: 'What the banking API gives; it may have more fields.', headers: headers(), content },
    ...(success.type === 'optional' && nothing),
  };
}

/** One call for each thing that can be shown, as a form where there is one: that is the shortest. */
function samplesOf(successes: readonly Example[], path: string, url: string): DocumentedOperation['x-codeSamples'] {
  const shortest = successes.toSorted((one, other) => lengthOf(one) - lengthOf(other));
  // What most clients of this API send comes first.
  const names = [
    ...new Set([
      ...successes.map(({ name }) => name).filter((name) => name === 'client'),
      ...successes.map(({ name }) => name),
    ]),
  ];
  return names.flatMap((name) => {
    const shown = shortest.find((example) => example.name === name);
    return shown === undefined ? [] : [{ lang: 'Shell', label: shown.summary, source: curl(url, path, shown) }];
  });
}

function lengthOf({ request }: Example): number {
  return request.mediaType === 'application/x-www-form-urlencoded' ? 0 : 1;
}

/** The first of each name. */
function named(shown: readonly Example[], value: (example: Example) => unknown): Examples {
  const pairs = shown.map((example) => [example.name, { summary: example.summary, value: value(example) }] as const);
  const first = pairs.filter(([name], index) => pairs.findIndex(([other]) => other === name) === index);
  return Object.fromEntries(first);
}
