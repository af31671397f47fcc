import { type MediaType } from '../budgea/specification.ts';
import type { Operation, OperationId } from '../operations/table.ts';
import { samplesOf } from './code-samples.ts';
import { descriptions } from './descriptions.ts';
import {
  type Answer,
  type Content,
  type DocumentedOperation,
  type Examples,
  type Header,
  type Parameter,
  type PathItem,
  described,
  jsonSchema,
  type Schema,
} from './schema.ts';
import { headerReferences, errorResponsesOf } from './error-responses.ts';
import { type Example, examples } from './examples.ts';
import { securityOf, takesBodyCredentials, withCredentials } from './security.ts';

/** Returns the path item of a row: an operation for each of its methods. */
export function pathItem(id: OperationId, row: Operation, url: string): PathItem {
  const { method, alsoMethod } = row;
  const own = { [method.toLowerCase()]: operation(id, id, row, url) };
  if (alsoMethod === undefined) return own;
  const also = { ...row, method: alsoMethod, fields: 'body' } as const;
  const name = alsoMethod.toLowerCase();
  return { ...own, [name]: operation(id, `${id}_by_${name}`, also, url) };
}

/** The schemas of a request’s fields, by location. */
interface Places {
  path: Schema;
  query: Schema;
  body: Schema | undefined;
}

function operation(id: OperationId, operationId: string, row: Operation, url: string): DocumentedOperation {
  const { path, query, body } = placesOf(id, row);
  const { title, tag, details } = descriptions[id];
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
    responses: { ...successOf(id, row.response, successes), ...errorResponsesOf(row) },
    'x-accepts': row.accepts,
    'x-codeSamples': samplesOf(successes, row.path, url),
  };
}

function placesOf(id: OperationId, row: Operation): Places {
  const fields = described(jsonSchema(row.request()), descriptions[id].fields);
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
  const nothing = { 204: { description: 'Success, without a body.', headers: headerReferences() } };
  if (response === 'empty') return nothing;
  if (response === 'redirect') {
    const location: Header = {
      description: 'The address to which the browser is redirected.',
      schema: { type: 'string', format: 'uri' },
      examples: named(successes, ({ answer }) => answer.location),
    };
    return { 302: { description: 'A redirect to `Location`.', headers: { ...headerReferences(), location } } };
  }
  const success = response();
  const content: Content = {
    'application/json': {
      schema: described(jsonSchema(success, 'output'), descriptions[id].answer),
      examples: named(successes, ({ answer }) => answer.body),
    },
  };
  return {
    200: { description: 'Success. The banking API may add fields.', headers: headerReferences(), content },
    ...(success.type === 'optional' && nothing),
  };
}

/** Returns the first example of each name. */
function named(all: readonly Example[], value: (example: Example) => unknown): Examples {
  const first = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
  return Object.fromEntries(first.map((each) => [each.name, { summary: each.summary, value: value(each) }]));
}
