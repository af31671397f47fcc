import { encodeQuery } from '../budgea/wire.ts';
import { type MediaType } from '../budgea/specification.ts';
import type { CallerKind, Operation, OperationId } from '../operations/table.ts';
import { quoted } from '../shell.ts';
import { descriptions } from './descriptions.ts';
import {
  type Answer,
  type Content,
  type DocumentedOperation,
  type Examples,
  type Header,
  type Parameter,
  type PathItem,
  type SecurityScheme,
  described,
  jsonSchema,
  type Schema,
} from './schema.ts';
import { headerReferences, errorResponsesOf } from './error-responses.ts';
import { type Example, examples } from './examples.ts';

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

/** Returns one sample for each example name, as a form where one exists, because that is the shortest. */
function samplesOf(successes: readonly Example[], path: string, url: string): DocumentedOperation['x-codeSamples'] {
  const shortest = successes.toSorted((one, other) => lengthOf(one) - lengthOf(other));
  // Most clients of this API send client credentials.
  const names = [
    ...new Set([
      ...successes.map(({ name }) => name).filter((name) => name === 'client'),
      ...successes.map(({ name }) => name),
    ]),
  ];
  return names.flatMap((name) => {
    const sample = shortest.find((example) => example.name === name);
    return sample === undefined ? [] : [{ lang: 'Shell', label: sample.summary, source: curl(url, path, sample) }];
  });
}

function lengthOf({ request }: Example): number {
  return request.mediaType === 'application/x-www-form-urlencoded' ? 0 : 1;
}

/** Returns the first example of each name. */
function named(all: readonly Example[], value: (example: Example) => unknown): Examples {
  const first = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
  return Object.fromEntries(first.map((each) => [each.name, { summary: each.summary, value: value(each) }]));
}

const key = 'the partner’s key, `bgk_<client id>_…`,';

/** The security schemes, each for one kind of caller. */
export const securitySchemes = {
  client: {
    type: 'http',
    scheme: 'basic',
    description:
      '**Client credentials**: the partner’s client id as the user name and its key as the password. An operation with a body also accepts them as `client_id` and `client_secret` in the body, which is what most clients of this API send.',
  },
  bearer_key: {
    type: 'http',
    scheme: 'bearer',
    description: `**Bearer key**: ${key} with the scheme \`Bearer\`. The call is limited to the partner’s users and grants.`,
  },
  bearer_key_without_scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: `**Bearer key**: ${key} without a scheme, as sent by clients that are generated from the banking API’s document.`,
  },
  api_key: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: `**API key**: ${key} for calls that only identify the partner and create nothing permanent.`,
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      '**User token**: a user’s token or JWT with the scheme `Bearer`, forwarded to the banking API unchanged.',
  },
  token_without_scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '**User token**: a user’s token or JWT without a scheme.',
  },
} as const satisfies Record<string, SecurityScheme>;

const schemesOf: Record<CallerKind, readonly (keyof typeof securitySchemes)[]> = {
  client: ['client'],
  bearer_key: ['bearer_key', 'bearer_key_without_scheme'],
  api_key: ['api_key'],
  token: ['token', 'token_without_scheme'],
  anonymous: [],
};

/** Returns an operation’s security requirements. OpenAPI cannot express credentials in a body: an empty requirement stands for them. */
function securityOf({ accepts, fields }: Operation): DocumentedOperation['security'] {
  // Renderers that show one requirement show the first; the bearer key is the shortest.
  const kinds = accepts.toSorted((one, other) => Number(other === 'bearer_key') - Number(one === 'bearer_key'));
  const headers = kinds.flatMap((kind) => schemesOf[kind]).map((scheme) => ({ [scheme]: [] }));
  return takesBodyCredentials({ accepts, fields }) ? [...headers, {}] : headers;
}

/** Returns whether the body may contain `client_id` and `client_secret`. */
function takesBodyCredentials({ accepts, fields }: Pick<Operation, 'accepts' | 'fields'>): boolean {
  return accepts.includes('client') && fields === 'body';
}

/** Returns a body’s schema with the optional fields `client_id` and `client_secret`, of which each requires the other. */
function withCredentials(body: Schema): Schema {
  return {
    ...body,
    properties: {
      client_id: {
        type: ['integer', 'string'],
        maxLength: 8,
        description: 'The partner’s client id, unless the credentials are in a header.',
      },
      client_secret: { type: 'string', maxLength: 62, description: 'The partner’s key.' },
      ...body.properties,
    },
    dependentRequired: { client_id: ['client_secret'], client_secret: ['client_id'] },
  };
}

/** Returns the `curl` command for an example, at the gateway with this base URL. */
function curl(url: string, path: string, { method, caller, request }: Example): string {
  const { path: inPath, query, headers, mediaType, fields } = request;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const search = encodeQuery(query);
  const body = bodyOf(mediaType, fields);
  const defaultMethod = body.length > 0 ? 'POST' : 'GET';
  const parts = [
    ...(method === defaultMethod ? [] : [`-X ${method}`]),
    quoted(url + filled + (search === '' ? '' : `?${search}`)),
    ...credentialsOf(headers),
    ...body,
    // A browser follows the redirect; curl prints its target.
    ...(caller === 'anonymous' ? ['-w %header{location}'] : []),
  ];
  return `curl ${parts.join(' \\\n  ')}`;
}

function bodyOf(mediaType: Example['request']['mediaType'], fields: Example['request']['fields']): string[] {
  const option = mediaType === 'multipart/form-data' ? '-F' : '-d';
  if (mediaType !== 'application/json') {
    return Object.entries(fields).map(([name, value]) => `${option} ${quoted(`${name}=${value}`)}`);
  }
  return ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(fields))}`];
}

/** Returns the options for the headers; HTTP Basic credentials are decoded for `-u`. */
function credentialsOf(headers: Example['request']['headers']): string[] {
  return Object.entries(headers).map(([name, value]) => {
    const basic = /^Basic (.+)$/.exec(value)?.[1];
    return basic === undefined
      ? `-H ${quoted(`${name}: ${value}`)}`
      : `-u ${quoted(Buffer.from(basic, 'base64').toString())}`;
  });
}
