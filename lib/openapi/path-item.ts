import type { MediaType } from '../budgea/media.ts';
import type { Operation } from '../operations.ts';
import { securityOf, takesBodyCredentials, withCredentials } from './callers.ts';
import { curl } from './curl.ts';
import type { Answer, DocumentedOperation, Parameter, PathItem } from './document.ts';
import { headers, refusalsOf } from './refusals.ts';
import { jsonSchema, type Schema } from './schema.ts';

/** What the document says of a row: an operation for each of its methods. */
export function pathItem(id: string, row: Operation, url: string): PathItem {
  const { method, alsoMethod } = row;
  const own = { [method.toLowerCase()]: operation(id, row, url) };
  if (alsoMethod === undefined) return own;
  const also = { ...row, method: alsoMethod, fields: 'body' } as const;
  const name = alsoMethod.toLowerCase();
  return { ...own, [name]: operation(`${id}_by_${name}`, also, url) };
}

/** Shapes of the fields that travel in each place. */
interface Places {
  path: Schema;
  query: Schema;
  body: Schema | undefined;
}

function operation(operationId: string, row: Operation, url: string): DocumentedOperation {
  const { path, query, body } = placesOf(row);
  const parameters = [...parametersIn('path', path), ...parametersIn('query', query)];
  return {
    operationId,
    summary: row.summary,
    security: securityOf(row),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: requestBody(body) }),
    responses: { ...successOf(row.response), ...refusalsOf(row) },
    'x-accepts': row.accepts,
    'x-codeSamples': [{ lang: 'Shell', source: example(row, url) }],
  };
}

function placesOf(row: Operation): Places {
  const fields = jsonSchema(row.request);
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

function parametersIn(place: 'path' | 'query', { properties = {}, required = [] }: Schema): Parameter[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema,
  }));
}

const mediaTypes: readonly MediaType[] = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
];

function requestBody(schema: Schema): NonNullable<DocumentedOperation['requestBody']> {
  return {
    required: (schema.required ?? []).length > 0,
    content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }])),
  };
}

function successOf(response: Operation['response']): Record<string, Answer> {
  const nothing = { 204: { description: 'It is done.', headers: headers() } };
  if (response === 'empty') return nothing;
  if (response === 'redirect')
    return { 302: { description: 'The browser goes on to `Location`.', headers: headers('location') } };
  const content = { 'application/json': { schema: jsonSchema(response) } };
  return {
    200: { description: 'What the banking API gives; it may have more fields.', headers: headers(), content },
    ...(response._zod.optin === 'optional' && nothing),
  };
}

/** Values of the fields that an example cannot do without. */
const exampleValues: Readonly<Record<string, string>> = {
  application: 'sharedAccess',
  client_id: 'CLIENT_ID',
  code: 'CODE',
  id_user: '42',
  redirect_uri: 'https://app.example/callback',
  state: 'STATE',
  type: 'qwac',
};

function example(row: Operation, url: string): string {
  const { method, path, accepts, fields } = row;
  const needed = (jsonSchema(row.request).required ?? []).filter((name) => !path.includes(`{${name}}`));
  return curl({
    method,
    url: url + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => exampleValue(name)),
    caller: accepts[0] ?? 'anonymous',
    hasBody: fields === 'body',
    fields: Object.fromEntries(needed.map((name) => [name, exampleValue(name)])),
  });
}

function exampleValue(name: string): string {
  return exampleValues[name] ?? name.toUpperCase();
}
